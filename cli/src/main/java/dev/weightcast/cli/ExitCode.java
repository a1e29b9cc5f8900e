package dev.weightcast.cli;

/** What the program's exit code says; docs/cli.md has the same table. */
final class ExitCode {

  static final int OK = 0;

  /** A transfer had begun and failed, or something that nobody foresaw happened. */
  static final int FAILED = 1;

  /** The command line, or a file that it names, is not usable; nothing was begun. */
  static final int USAGE = 2;

  /** The backend is not there, or cannot run here. */
  static final int UNAVAILABLE = 3;

  /** The bytes arrived, and are not those that they should be. */
  static final int MISMATCH = 4;

  /** Ctrl-C; the JVM sets it by itself. */
  static final int INTERRUPTED = 130;

  private ExitCode() {}
}
