package dev.weightcast.cli;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Prints what makes a shell complete commands and options. */
@Command(
    name = "completion",
    customSynopsis = "weightcast completion",
    description = "Prints the completion for bash and zsh.",
    footer = {"", "Example: source <(weightcast completion)"})
final class CompletionCommand implements Callable<Integer> {

  private final Terminal terminal;

  @Spec private @Nullable CommandSpec spec;

  CompletionCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    if (spec != null) {
      terminal.out().println(AutoComplete.bash("weightcast", spec.root().commandLine()));
    }
    return ExitCode.OK;
  }
}
