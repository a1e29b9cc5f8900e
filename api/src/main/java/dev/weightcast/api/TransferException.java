package dev.weightcast.api;

import org.jspecify.annotations.Nullable;

/**
 * An operation that had begun and did not end well: says in which phase and how far it had come.
 */
public class TransferException extends WeightTransferException {

  private static final long serialVersionUID = 1L;

  private final TransferPhase phase;
  private final long bytesDone;
  private final long bytesTotal;

  /**
   * A failure in a phase.
   *
   * @param message the whole message; it should name the phase
   * @param phase where the operation was
   * @param bytesDone bytes of weights that had fully arrived or been sent
   * @param bytesTotal bytes of weights the operation was to move; 0 before a plan exists
   * @param cause what led to it, or null
   */
  public TransferException(
      String message,
      TransferPhase phase,
      long bytesDone,
      long bytesTotal,
      @Nullable Throwable cause) {
    super(message, cause);
    this.phase = phase;
    this.bytesDone = bytesDone;
    this.bytesTotal = bytesTotal;
  }

  /**
   * Where the operation was.
   *
   * @return the phase
   */
  public TransferPhase phase() {
    return phase;
  }

  /**
   * How many bytes of weights had fully arrived or been sent.
   *
   * @return zero or more
   */
  public long bytesDone() {
    return bytesDone;
  }

  /**
   * How many bytes of weights the operation was to move.
   *
   * @return zero before a plan exists
   */
  public long bytesTotal() {
    return bytesTotal;
  }
}
