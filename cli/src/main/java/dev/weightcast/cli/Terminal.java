package dev.weightcast.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;

/**
 * Where the program speaks.
 *
 * @param out for what was asked for: results, tables, JSON
 * @param err for progress, remarks and what went wrong
 * @param redraws whether a line on {@code err} can be drawn over
 * @param interruption what Ctrl-C ends
 */
record Terminal(PrintWriter out, PrintWriter err, boolean redraws, Interruption interruption) {

  /** The process's own; the start script knows whether standard error is a terminal. */
  static Terminal ofProcess() {
    return new Terminal(
        new PrintWriter(System.out, true, StandardCharsets.UTF_8),
        new PrintWriter(System.err, true, StandardCharsets.UTF_8),
        Boolean.getBoolean("weightcast.terminal"),
        new Interruption());
  }

  /** A line on {@code err}. */
  void remark(String line) {
    err.println(line);
    err.flush();
  }
}
