package dev.weightcast.api;

import org.jspecify.annotations.Nullable;

/** Another rank of the group has failed or left, and what this rank was doing needed it. */
public class RankFailedException extends TransferException {

  private static final long serialVersionUID = 1L;

  private final int rank;

  /**
   * A failure of another rank.
   *
   * @param message the whole message, with the rank's own reason where it told one
   * @param rank the rank that failed first, as far as is known
   * @param phase where this rank was
   * @param bytesDone bytes of weights that had fully arrived or been sent here
   * @param bytesTotal bytes of weights the operation was to move; 0 before a plan exists
   * @param cause what led to it, or null
   */
  public RankFailedException(
      String message,
      int rank,
      TransferPhase phase,
      long bytesDone,
      long bytesTotal,
      @Nullable Throwable cause) {
    super(message, phase, bytesDone, bytesTotal, cause);
    this.rank = rank;
  }

  /**
   * Who failed.
   *
   * @return the rank that failed first, as far as is known
   */
  public int rank() {
    return rank;
  }
}
