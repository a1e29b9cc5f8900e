package dev.weightcast.api;

/** A tensor is not the one that was announced or expected: by name, order, type or shape. */
public class TensorMismatchException extends WeightTransferException {

  private static final long serialVersionUID = 1L;

  /**
   * A difference between two specs.
   *
   * @param message what was expected, what was found, and where
   */
  public TensorMismatchException(String message) {
    super(message);
  }
}
