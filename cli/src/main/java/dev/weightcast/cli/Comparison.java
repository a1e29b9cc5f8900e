package dev.weightcast.cli;

import dev.weightcast.api.TensorSpec;
import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Which tensors do not hold what they should. Safe for several threads. */
final class Comparison {

  private final int tensors;
  private final Set<String> different = new HashSet<>();
  private final TreeMap<String, String> texts = new TreeMap<>();

  Comparison(int tensors) {
    this.tensors = tensors;
  }

  synchronized void differs(TensorSpec spec, long at, byte found, byte expected) {
    if (different.add(spec.name())) {
      texts.put(
          spec.name(),
          String.format(
              Locale.ROOT,
              "%s: byte %d of %d is 0x%02x, expected 0x%02x",
              spec,
              at,
              spec.byteSize(),
              found,
              expected));
    }
  }

  synchronized void differs(String name, String how) {
    if (different.add(name)) {
      texts.put(name, how);
    }
  }

  /** What differs, or empty if all is as it should be. */
  synchronized Optional<String> mismatch() {
    if (texts.isEmpty()) {
      return Optional.empty();
    }
    String first = texts.firstEntry().getValue();
    return Optional.of(
        texts.size() == 1
            ? first + "; nothing else differs"
            : first + "; " + texts.size() + " of " + tensors + " tensors differ");
  }
}
