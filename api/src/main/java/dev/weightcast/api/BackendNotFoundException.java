package dev.weightcast.api;

import org.jspecify.annotations.Nullable;

/** No backend of the name that was asked for is there; the message lists those that are. */
public class BackendNotFoundException extends BackendException {

  private static final long serialVersionUID = 1L;

  /**
   * A refusal.
   *
   * @param message the whole message
   * @param backend the name that was asked for
   * @param cause what led to it, or null
   */
  public BackendNotFoundException(String message, String backend, @Nullable Throwable cause) {
    super(message, backend, cause);
  }
}
