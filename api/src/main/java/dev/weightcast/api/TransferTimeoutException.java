package dev.weightcast.api;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The operation's {@link Deadline} passed: names the phase, the bytes done and, where it can be
 * known, the ranks that are missing.
 */
public class TransferTimeoutException extends TransferException {

  private static final long serialVersionUID = 1L;

  private final Duration timeout;

  @SuppressWarnings("serial") // always an immutable list of Integer, which is serializable
  private final List<Integer> missingRanks;

  /**
   * A deadline that passed.
   *
   * @param message the whole message
   * @param timeout the time the operation had
   * @param phase where it was
   * @param bytesDone bytes of weights that had fully arrived or been sent
   * @param bytesTotal bytes of weights the operation was to move; 0 before a plan exists
   * @param missingRanks the ranks that were waited for, empty where that cannot be known
   * @param cause what led to it, or null
   */
  public TransferTimeoutException(
      String message,
      Duration timeout,
      TransferPhase phase,
      long bytesDone,
      long bytesTotal,
      List<Integer> missingRanks,
      @Nullable Throwable cause) {
    super(message, phase, bytesDone, bytesTotal, cause);
    this.timeout = timeout;
    this.missingRanks = List.copyOf(missingRanks);
  }

  /**
   * The time the operation had.
   *
   * @return the duration its deadline was made from
   */
  public Duration timeout() {
    return timeout;
  }

  /**
   * The ranks that were waited for.
   *
   * @return ranks in ascending order, empty where they cannot be known
   */
  public List<Integer> missingRanks() {
    return missingRanks;
  }
}
