package dev.weightcast.cli;

/** What was asked for is not usable; the message says what was asked, found and expected. */
final class UsageException extends CliException {

  private static final long serialVersionUID = 1L;

  UsageException(String message) {
    super(ExitCode.USAGE, message, null);
  }

  UsageException(String message, Throwable cause) {
    super(ExitCode.USAGE, message, cause);
  }
}
