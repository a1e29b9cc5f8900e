package dev.weightcast.api;

import org.jspecify.annotations.Nullable;

/**
 * The operation was ended from outside before its deadline: its thread was interrupted, its engine
 * was closed, or it was cancelled.
 *
 * <p>After an interruption the thread's interrupt flag is set again.
 */
public class TransferAbortedException extends TransferException {

  private static final long serialVersionUID = 1L;

  /**
   * An operation that was ended from outside.
   *
   * @param message the whole message
   * @param phase where the operation was
   * @param bytesDone bytes of weights that had fully arrived or been sent
   * @param bytesTotal bytes of weights the operation was to move; 0 before a plan exists
   * @param cause what led to it, or null
   */
  public TransferAbortedException(
      String message,
      TransferPhase phase,
      long bytesDone,
      long bytesTotal,
      @Nullable Throwable cause) {
    super(message, phase, bytesDone, bytesTotal, cause);
  }
}
