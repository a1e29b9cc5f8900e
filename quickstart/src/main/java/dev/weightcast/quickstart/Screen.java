package dev.weightcast.quickstart;

import java.io.Console;
import java.io.PrintStream;

/**
 * Where the program speaks.
 *
 * @param out for what it found
 * @param err for what went wrong
 * @param terminal whether a line on {@code out} can be drawn over
 */
record Screen(PrintStream out, PrintStream err, boolean terminal) {

  static Screen ofProcess() {
    return new Screen(
        System.out, System.err, onTerminal() && !"dumb".equals(System.getenv("TERM")));
  }

  @SuppressWarnings("SystemConsoleNull") // null is how JDK 17 to 21 say that there is no terminal
  private static boolean onTerminal() {
    Console console = System.console();
    if (console == null) {
      return false;
    }
    try {
      // From JDK 22 on there may be a console without a terminal, and this method tells
      return (boolean) Console.class.getMethod("isTerminal").invoke(console);
    } catch (ReflectiveOperationException e) {
      return true;
    }
  }
}
