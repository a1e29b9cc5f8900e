package dev.weightcast.cli;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;

/** Weightcast's command line. */
public final class Main {

  private static final Set<Logger> KEPT = new HashSet<>();

  private Main() {}

  /**
   * Runs one command and ends the JVM; the exit codes are in {@code --help}.
   *
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    // One line for each remark of the library's, beside our own.
    System.setProperty("java.util.logging.SimpleFormatter.format", "weightcast: %5$s%6$s%n");
    Terminal terminal = Terminal.ofProcess();
    Runtime.getRuntime()
        .addShutdownHook(new Thread(terminal.interruption()::interrupt, "weightcast-ctrl-c"));
    int code;
    try {
      code = run(terminal, args);
    } finally {
      terminal.interruption().finished();
    }
    System.exit(code);
  }

  static int run(Terminal terminal, String... args) {
    CommandLine commands = commands(terminal);
    int code = commands.execute(args);
    terminal.out().flush();
    terminal.err().flush();
    return code;
  }

  static CommandLine commands(Terminal terminal) {
    RootCommand root = new RootCommand();
    CommandLine commands =
        new CommandLine(root)
            .addSubcommand(new BackendsCommand(terminal))
            .addSubcommand(new SendCommand(terminal))
            .addSubcommand(new ReceiveCommand(terminal))
            .addSubcommand(new BenchCommand(terminal))
            .addSubcommand(new StoreCommand(terminal))
            .addSubcommand(new CompletionCommand(terminal));
    Failures failures = new Failures(terminal, root);
    commands
        .registerConverter(HostPort.class, new HostPort.Converter())
        .setParameterExceptionHandler(failures)
        .setExecutionExceptionHandler(failures)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpWidth(90)
        .setUsageHelpLongOptionsMaxWidth(28)
        .setOut(terminal.out())
        .setErr(terminal.err())
        .setExecutionStrategy(
            parsed -> {
              root.applyVerbosity();
              try {
                return new CommandLine.RunLast().execute(parsed);
              } catch (OutOfMemoryError e) {
                List<CommandLine> asked = parsed.asCommandLineList();
                return failures.handle(e, asked.get(asked.size() - 1));
              }
            });
    commands
        .getSubcommands()
        .values()
        .forEach(
            command ->
                command
                    .getCommandSpec()
                    .usageMessage()
                    .sortOptions(false)
                    .synopsisHeading("usage: "));
    return commands;
  }

  /** Lets the library's debug lines through; they are for support. */
  static void showDebugLines() {
    Logger ours = Logger.getLogger("dev.weightcast");
    ours.setLevel(Level.FINE);
    for (var handler : Logger.getLogger("").getHandlers()) {
      handler.setLevel(Level.FINE);
    }
    KEPT.add(ours); // a logger that nobody holds forgets its level
  }
}
