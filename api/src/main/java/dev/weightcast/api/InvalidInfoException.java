package dev.weightcast.api;

import org.jspecify.annotations.Nullable;

/** What the caller handed in is not usable: an init info, an update info, a rank or an option. */
public class InvalidInfoException extends WeightTransferException {

  private static final long serialVersionUID = 1L;

  /**
   * A refusal without a deeper cause.
   *
   * @param message which field, what was found, what is expected
   */
  public InvalidInfoException(String message) {
    super(message);
  }

  /**
   * A refusal with its cause.
   *
   * @param message which field, what was found, what is expected
   * @param cause what led to it, or null
   */
  public InvalidInfoException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
