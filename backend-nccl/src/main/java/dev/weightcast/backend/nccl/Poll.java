package dev.weightcast.backend.nccl;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The pauses between two looks at a native state that nobody announces: a short spin, then sleeps
 * that grow from 20 to 200 microseconds.
 */
final class Poll {

  private static final long SPIN_NANOS = TimeUnit.MICROSECONDS.toNanos(20);
  private static final long FIRST_NANOS = TimeUnit.MICROSECONDS.toNanos(20);
  private static final long LAST_NANOS = TimeUnit.MICROSECONDS.toNanos(200);

  private final long start = System.nanoTime();
  private final long nanos;
  private final long spinNanos;
  private long next = FIRST_NANOS;

  /** Pauses that together take at most so long. */
  Poll(long nanos) {
    this(nanos, SPIN_NANOS);
  }

  /** Pauses of which the first are spins, for so long. */
  Poll(long nanos, long spinNanos) {
    this.nanos = nanos;
    this.spinNanos = spinNanos;
  }

  /**
   * Pauses once.
   *
   * @return whether there is time for another look after this one
   * @throws InterruptedException if the thread is interrupted
   */
  boolean pause() throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException("interrupted while waiting for the device");
    }
    long elapsed = System.nanoTime() - start;
    long left = nanos - elapsed;
    if (left <= 0) {
      return false;
    }
    if (elapsed < spinNanos) {
      Thread.onSpinWait();
    } else {
      LockSupport.parkNanos(Math.min(next, left));
      next = Math.min(2 * next, LAST_NANOS);
    }
    return true;
  }
}
