package dev.weightcast.core;

import dev.weightcast.spi.NativeHints;
import java.util.Objects;

/**
 * One thing that is in a backend's way.
 *
 * @param text what happened, with the deepest native text verbatim
 * @param hint what to do about it, or an empty string if nobody knows
 */
public record BackendProblem(String text, String hint) {

  /** Checks that nothing is missing. */
  public BackendProblem {
    Objects.requireNonNull(text, "text");
    Objects.requireNonNull(hint, "hint");
  }

  static BackendProblem of(String text) {
    return new BackendProblem(text, "");
  }

  static BackendProblem of(String what, Throwable thrown) {
    String deepest = NativeHints.deepestText(thrown);
    return new BackendProblem(what + ": " + deepest, NativeHints.forText(deepest).orElse(""));
  }

  /** The text, and the hint behind it if there is one. */
  @Override
  public String toString() {
    return hint.isEmpty() ? text : text + " (hint: " + hint + ")";
  }
}
