package dev.weightcast.cli;

import dev.weightcast.api.BackendException;
import dev.weightcast.api.ChecksumMismatchException;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.TensorMismatchException;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferMismatchException;
import dev.weightcast.api.WeightTransferException;
import dev.weightcast.safetensors.CheckpointIoException;
import dev.weightcast.safetensors.InvalidCheckpointException;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Makes a line and an exit code of whatever was thrown. */
final class Failures implements IParameterExceptionHandler, IExecutionExceptionHandler {

  private static final String MEMORY_HINT =
      "let the JVM have more, such as WEIGHTCAST_OPTS='-XX:MaxDirectMemorySize=64g'";

  private final Terminal terminal;
  private final RootCommand root;

  Failures(Terminal terminal, RootCommand root) {
    this.terminal = terminal;
    this.root = root;
  }

  @Override
  public int handleParseException(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    String name = command.getCommandSpec().qualifiedName();
    terminal.remark(name + ": " + oneLine(String.valueOf(e.getMessage())));
    terminal.remark("see '" + name + " --help'");
    trace(e);
    return ExitCode.USAGE;
  }

  @Override
  public int handleExecutionException(Exception e, CommandLine command, ParseResult parsed) {
    return handle(e, command);
  }

  /** Also for what is no exception, such as memory that is not there. */
  int handle(Throwable e, CommandLine command) {
    boolean json = wantsJson(command);
    boolean interrupted = terminal.interruption().isInterrupted();
    int code = interrupted ? ExitCode.INTERRUPTED : exitCode(e);
    String said = interrupted ? "interrupted: " + howFar(e) : message(e);
    terminal.remark(command.getCommandSpec().qualifiedName() + ": " + said);
    if (code == ExitCode.USAGE) {
      terminal.remark("see '" + command.getCommandSpec().qualifiedName() + " --help'");
    }
    trace(e);
    if (json) {
      terminal.out().println(Json.line(report(command.getCommandName(), code, said, e)));
    }
    return code;
  }

  private static Map<String, Object> report(String command, int code, String said, Throwable e) {
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("command", command);
    report.put("ok", false);
    report.put("exit_code", code);
    report.put("error", said);
    if (e instanceof TransferException transfer) {
      report.put("phase", transfer.phase().toString());
      report.put("bytes_done", transfer.bytesDone());
      report.put("bytes_total", transfer.bytesTotal());
    }
    return report;
  }

  static int exitCode(Throwable e) {
    if (e instanceof CliException own) {
      return own.exitCode();
    }
    if (e instanceof InvalidInfoException
        || e instanceof InvalidCheckpointException
        || e instanceof CheckpointIoException) {
      return ExitCode.USAGE;
    }
    if (e instanceof BackendException) {
      return ExitCode.UNAVAILABLE;
    }
    return e instanceof TensorMismatchException
            || e instanceof TransferMismatchException
            || e instanceof ChecksumMismatchException
        ? ExitCode.MISMATCH
        : ExitCode.FAILED;
  }

  /** Ours speak for themselves; of others the type is needed too. */
  private static String message(Throwable e) {
    if (e instanceof OutOfMemoryError) {
      return e.getMessage() + "; " + MEMORY_HINT;
    }
    boolean ours = e instanceof WeightTransferException || e instanceof CliException;
    return ours ? String.valueOf(e.getMessage()) : "unexpected: " + e + " (--verbose says where)";
  }

  private String howFar(Throwable e) {
    String at = terminal.interruption().where();
    return e instanceof TransferException transfer
        ? (at.isEmpty() ? "" : at + ": ")
            + ByteSize.text(transfer.bytesDone())
            + " of "
            + ByteSize.text(transfer.bytesTotal())
            + " were done, in "
            + transfer.phase()
            + "; the group is ended"
        : message(e);
  }

  private static boolean wantsJson(CommandLine command) {
    Object options = command.getCommandSpec().findOption("--json");
    return options instanceof CommandLine.Model.OptionSpec json
        && Boolean.TRUE.equals(json.getValue());
  }

  private void trace(Throwable e) {
    if (root.isVerbose()) {
      e.printStackTrace(terminal.err());
      terminal.err().flush();
    }
  }

  private static String oneLine(String message) {
    return message.strip().replaceAll("\\s*\\R\\s*", "; ");
  }
}
