package dev.weightcast.cli;

import org.jspecify.annotations.Nullable;

/** The command ends here; the message says it all, in one line. */
class CliException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final int exitCode;

  CliException(int exitCode, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.exitCode = exitCode;
  }

  int exitCode() {
    return exitCode;
  }
}
