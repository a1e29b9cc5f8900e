package dev.weightcast.api;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The time one operation has, and the switch that ends it early: every wait of the operation takes
 * its time from here.
 *
 * <p>A deadline is made once, when the operation starts, and handed down to everything the
 * operation waits for, so that the parts share one budget. It is never infinite. It is safe to
 * share between threads: the operation waits on it, and another thread may {@link #cancel} it.
 *
 * <p>Whoever waits does so in slices no longer than {@link #slice()} and looks at {@link #isOver()}
 * after each, so that expiry and cancellation are both noticed within {@link #MAX_SLICE}.
 */
public final class Deadline {

  /** What an operation gets when nobody chose: five minutes. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofMinutes(5);

  /** The longest timeout that is accepted: seven days. */
  public static final Duration MAX_TIMEOUT = Duration.ofDays(7);

  /** The longest a waiter may sleep before it looks at the deadline again: ten milliseconds. */
  public static final Duration MAX_SLICE = Duration.ofMillis(10);

  private final Duration timeout;
  private final TimeSource time;
  private final long start;
  private final AtomicReference<String> cancelReason = new AtomicReference<>();

  private Deadline(Duration timeout, TimeSource time) {
    this.timeout = checkTimeout(timeout);
    this.time = Objects.requireNonNull(time, "time");
    this.start = time.nanoTime();
  }

  /**
   * A deadline that starts now on the system's clock.
   *
   * @param timeout how long; positive and at most {@link #MAX_TIMEOUT}
   * @return the running deadline
   * @throws IllegalArgumentException if the timeout is not in that range
   */
  public static Deadline after(Duration timeout) {
    return new Deadline(timeout, TimeSource.system());
  }

  /**
   * A deadline that starts now on the given clock.
   *
   * @param timeout how long; positive and at most {@link #MAX_TIMEOUT}
   * @param time the clock
   * @return the running deadline
   * @throws IllegalArgumentException if the timeout is not in that range
   */
  public static Deadline after(Duration timeout, TimeSource time) {
    return new Deadline(timeout, time);
  }

  /**
   * Checks that a timeout can become a deadline.
   *
   * @param timeout the duration to check
   * @return the same duration
   * @throws IllegalArgumentException if it is zero, negative or longer than {@link #MAX_TIMEOUT}
   */
  public static Duration checkTimeout(Duration timeout) {
    if (timeout.isZero() || timeout.isNegative() || timeout.compareTo(MAX_TIMEOUT) > 0) {
      throw new IllegalArgumentException(
          "timeout "
              + timeout
              + " is out of range: a deadline is longer than zero and at most "
              + MAX_TIMEOUT.toDays()
              + " days, never infinite");
    }
    return timeout;
  }

  /**
   * The whole time the operation was given.
   *
   * @return the duration the deadline was made from
   */
  public Duration timeout() {
    return timeout;
  }

  /**
   * The time since the operation started.
   *
   * @return zero or more
   */
  public Duration elapsed() {
    return Duration.ofNanos(Math.max(0, time.nanoTime() - start));
  }

  /**
   * The time that is left.
   *
   * @return zero once the deadline has passed, never negative
   */
  public Duration remaining() {
    return Duration.ofNanos(remainingNanos());
  }

  /**
   * Whether the time has run out. Cancellation does not count as expiry.
   *
   * @return true from the moment nothing is left
   */
  public boolean isExpired() {
    return remainingNanos() == 0;
  }

  /**
   * Whether a waiter must stop: the time has run out or somebody cancelled.
   *
   * @return true from then on
   */
  public boolean isOver() {
    return cancelReason.get() != null || isExpired();
  }

  /**
   * How long a waiter may sleep before it looks again.
   *
   * @return what is left, at most {@link #MAX_SLICE}; zero when the deadline is over
   */
  public Duration slice() {
    return isOver()
        ? Duration.ZERO
        : Duration.ofNanos(Math.min(remainingNanos(), MAX_SLICE.toNanos()));
  }

  /**
   * Ends the operation early; the first reason given stays. May be called from any thread, any
   * number of times.
   *
   * @param reason why, as a phrase that completes «cancelled: …»
   */
  public void cancel(String reason) {
    cancelReason.compareAndSet(null, Objects.requireNonNull(reason, "reason"));
  }

  /**
   * Why the operation was cancelled.
   *
   * @return the first reason given to {@link #cancel}, or empty
   */
  public Optional<String> cancellation() {
    return Optional.ofNullable(cancelReason.get());
  }

  private long remainingNanos() {
    return Math.max(0, timeout.toNanos() - (time.nanoTime() - start));
  }

  @Override
  public String toString() {
    String reason = cancelReason.get();
    return "Deadline[" + timeout + (reason == null ? "" : ", cancelled: " + reason) + "]";
  }
}
