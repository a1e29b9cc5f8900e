package dev.weightcast.api;

import org.jspecify.annotations.Nullable;

/**
 * The root of everything that Weightcast throws at its users: what was asked, what was found, what
 * to do next.
 */
public class WeightTransferException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /**
   * A failure without a deeper cause.
   *
   * @param message what was asked, what was found, what to do
   */
  public WeightTransferException(String message) {
    super(message);
  }

  /**
   * A failure with its cause.
   *
   * @param message what was asked, what was found, what to do
   * @param cause what led to it, or null
   */
  public WeightTransferException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
