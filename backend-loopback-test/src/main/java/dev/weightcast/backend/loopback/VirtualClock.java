package dev.weightcast.backend.loopback;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.TimeSource;
import dev.weightcast.api.WeightTransferConfig;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * A clock that stands still until a test moves it, so that a deadline of five minutes passes in
 * milliseconds, and none passes because the machine was slow.
 *
 * <pre>{@code
 * VirtualClock clock = new VirtualClock();
 * WeightTransferConfig config = WeightTransferConfig.defaults().withTimeSource(clock);
 * }</pre>
 *
 * <p>Give all ranks of a group the same clock. Whoever waits looks at it at least every {@link
 * Deadline#MAX_SLICE} of real time. It does not move by itself when everybody waits: nobody can
 * know that of threads that belong to others. May be used from any thread.
 *
 * @see WeightTransferConfig#withTimeSource
 */
public final class VirtualClock implements TimeSource {

  /** Long enough for every waiter to have looked at the clock once since it was moved. */
  private static final Duration BETWEEN_STEPS = Deadline.MAX_SLICE.multipliedBy(2);

  private final AtomicLong now = new AtomicLong();

  /** A clock at zero. */
  public VirtualClock() {}

  @Override
  public long nanoTime() {
    return now.get();
  }

  /**
   * How far the clock was moved in all.
   *
   * @return zero or more
   */
  public Duration elapsed() {
    return Duration.ofNanos(now.get());
  }

  /**
   * Moves the clock on.
   *
   * @param by how far; zero or more
   * @throws InvalidInfoException if negative: deadlines stand on a clock that never goes back
   */
  public void advance(Duration by) {
    if (by.isNegative()) {
      throw new InvalidInfoException("a clock does not go back: advance by " + by);
    }
    now.addAndGet(by.toNanos());
  }

  /**
   * Moves the clock on, step by step, until something has come about. A deadline that starts after
   * a step is reached by a later one, so this needs no knowledge of who has begun to wait.
   *
   * @param condition what shall come about, such as {@code future::isDone}; asked on this thread
   * @param step how far at a time; every rank gets at least two slices of real time between steps
   * @param atMost the real time that this may take
   * @throws TimeoutException if it has not come about in that real time: something hangs
   * @throws InterruptedException if the thread is interrupted
   */
  public void advanceUntil(BooleanSupplier condition, Duration step, Duration atMost)
      throws TimeoutException, InterruptedException {
    Deadline real = Deadline.after(atMost);
    while (!condition.getAsBoolean()) {
      if (real.isOver()) {
        throw new TimeoutException(
            "not come about in "
                + atMost
                + " of real time, in which this clock went on to "
                + elapsed()
                + ": something waits without a deadline, or on another clock");
      }
      advance(step);
      pause(condition);
    }
  }

  private static void pause(BooleanSupplier condition) throws InterruptedException {
    Deadline pause = Deadline.after(BETWEEN_STEPS);
    while (!pause.isOver() && !condition.getAsBoolean()) {
      LockSupport.parkNanos(500_000);
      if (Thread.interrupted()) {
        throw new InterruptedException("interrupted while the clock was moved");
      }
    }
  }

  @Override
  public String toString() {
    return "VirtualClock[" + elapsed() + "]";
  }
}
