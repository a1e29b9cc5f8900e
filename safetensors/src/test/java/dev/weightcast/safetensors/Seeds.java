package dev.weightcast.safetensors;

/** Seeds that a failing run prints and the next one can be given. */
final class Seeds {

  private Seeds() {}

  /** A fresh seed, or that of {@code -Dweightcast.seed}. */
  static long next(Class<?> test) {
    long seed = Long.getLong("weightcast.seed", System.nanoTime());
    System.err.println(test.getSimpleName() + ": -Dweightcast.seed=" + seed);
    return seed;
  }
}
