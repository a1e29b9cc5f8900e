package dev.weightcast.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The program without a command. */
@Command(
    name = "weightcast",
    versionProvider = VersionProvider.class,
    description = "Moves a model's weights from a trainer to its inference workers.",
    synopsisHeading = "usage: ",
    customSynopsis = "weightcast COMMAND [OPTION ...]",
    sortOptions = false,
    footer = {
      "",
      "Example: weightcast backends",
      "Exit codes: 0 done, 1 failed, 2 usage, 3 backend cannot run, 4 bytes differ, 130 Ctrl-C."
    })
final class RootCommand implements Runnable {

  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = "--verbose",
      scope = ScopeType.INHERIT,
      description = "Stack traces, and what the library has to say.")
  private boolean verbose;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "This text; of a command, its own.")
  @SuppressWarnings("UnusedVariable") // picocli prints the help by itself
  private boolean help;

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      description = "Versions, of the program and of Java.")
  @SuppressWarnings("UnusedVariable") // and the versions
  private boolean version;

  boolean isVerbose() {
    return verbose;
  }

  void applyVerbosity() {
    if (verbose) {
      Main.showDebugLines();
    }
  }

  @Override
  public void run() {
    if (spec != null) {
      throw new ParameterException(spec.commandLine(), "which command?");
    }
  }
}
