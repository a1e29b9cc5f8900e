package dev.weightcast.rendezvous.internal;

import dev.weightcast.api.Deadline;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Doing nothing for a while under a deadline. */
public final class Pause {

  private Pause() {}

  /**
   * Pauses; nobody wakes it but the clock, an interruption, and the end of the deadline.
   *
   * @param duration how long
   * @param deadline the time there is
   * @throws StoppedException if the deadline or an interruption ended it
   */
  public static void pause(Duration duration, Deadline deadline) throws StoppedException {
    long end = System.nanoTime() + duration.toNanos();
    while (true) {
      StoppedException.check(deadline);
      long rest = end - System.nanoTime();
      if (rest <= 0) {
        return;
      }
      LockSupport.parkNanos(Math.min(rest, deadline.slice().toNanos()));
    }
  }
}
