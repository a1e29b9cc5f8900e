package dev.weightcast.rendezvous.internal;

import dev.weightcast.api.Deadline;
import java.util.Optional;

/** A wait ended before what it waited for: why, for whoever knows what was being done. */
public final class StoppedException extends Exception {

  private static final long serialVersionUID = 1L;

  /** What ended the wait. */
  public enum Reason {
    /** The deadline passed. */
    EXPIRED,
    /** Somebody cancelled the deadline. */
    CANCELLED,
    /** The thread was interrupted; its flag is still set. */
    INTERRUPTED,
    /** What was waited on was closed by another thread. */
    CLOSED
  }

  private final Reason reason;
  private final String detail;

  private StoppedException(Reason reason, String detail) {
    super(detail, null, false, false);
    this.reason = reason;
    this.detail = detail;
  }

  /**
   * A wait on something that another thread closed.
   *
   * @return the exception
   */
  public static StoppedException closed() {
    return new StoppedException(Reason.CLOSED, "it was closed by another thread");
  }

  /**
   * Throws if a waiter must not go on: interrupted first, then cancelled, then expired.
   *
   * @param deadline the time it has
   * @throws StoppedException if it must stop
   */
  public static void check(Deadline deadline) throws StoppedException {
    if (Thread.currentThread().isInterrupted()) {
      throw new StoppedException(Reason.INTERRUPTED, "its thread was interrupted");
    }
    Optional<String> cancellation = deadline.cancellation();
    if (cancellation.isPresent()) {
      throw new StoppedException(Reason.CANCELLED, "cancelled: " + cancellation.get());
    }
    if (deadline.isExpired()) {
      throw new StoppedException(Reason.EXPIRED, "timed out");
    }
  }

  /**
   * What ended the wait.
   *
   * @return the reason
   */
  public Reason reason() {
    return reason;
  }

  /**
   * The reason in words that complete «the wait ended: …».
   *
   * @return a phrase
   */
  public String detail() {
    return detail;
  }
}
