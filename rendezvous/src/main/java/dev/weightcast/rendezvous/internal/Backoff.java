package dev.weightcast.rendezvous.internal;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to pause between attempts: doubling from 10 ms to 1 s, each time a random part between
 * the half and the whole, so that many ranks that start together do not knock together.
 */
final class Backoff {

  private static final long FIRST_NANOS = Duration.ofMillis(10).toNanos();
  private static final long LAST_NANOS = Duration.ofSeconds(1).toNanos();

  private final RandomGenerator random;
  private long next = FIRST_NANOS;

  Backoff(RandomGenerator random) {
    this.random = random;
  }

  Duration next() {
    long whole = next;
    next = Math.min(LAST_NANOS, 2 * next);
    return Duration.ofNanos(whole / 2 + random.nextLong(whole / 2));
  }
}
