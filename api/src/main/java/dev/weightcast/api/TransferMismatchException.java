package dev.weightcast.api;

/**
 * The ranks of a group were about to transfer different things: other tensors, in another order, or
 * grouped otherwise. Found before the first byte moved; every rank of Weightcast's own is told the
 * same first difference.
 */
public class TransferMismatchException extends TransferException {

  private static final long serialVersionUID = 1L;

  private final int rank;

  /**
   * A difference between a worker and the root.
   *
   * @param message the whole message, with the first difference
   * @param rank the worker that differs; the lowest if there are several
   * @param bytesTotal bytes of weights that the operation was to move
   */
  public TransferMismatchException(String message, int rank, long bytesTotal) {
    super(message, TransferPhase.AGREEMENT, 0, bytesTotal, null);
    this.rank = rank;
  }

  /**
   * Who differs from the root.
   *
   * @return the rank; the lowest if there are several
   */
  public int rank() {
    return rank;
  }
}
