package dev.weightcast.backend.nccl;

import dev.weightcast.spi.Availability.Reason;
import dev.weightcast.spi.NativeHints;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds, in what loading threw, the text that says what is missing.
 *
 * <p>JavaCPP tries several ways, and hangs the failures of earlier ways under the last as causes:
 * the deepest is not always the one that matters. A text with a hint is; failing that, the deepest.
 */
final class LinkTexts {

  private LinkTexts() {}

  static Reason reason(String what, Throwable thrown) {
    Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    for (@Nullable Throwable t = thrown; t != null && seen.add(t); t = t.getCause()) {
      String text = t.getClass().getSimpleName() + ": " + t.getMessage();
      if (NativeHints.forText(text).isPresent()) {
        return Reason.of(what + ": " + text);
      }
    }
    return Reason.of(what, thrown);
  }
}
