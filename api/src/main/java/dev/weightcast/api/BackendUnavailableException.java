package dev.weightcast.api;

import org.jspecify.annotations.Nullable;

/** The backend is there and cannot run here; the message has every reason and a hint. */
public class BackendUnavailableException extends BackendException {

  private static final long serialVersionUID = 1L;

  /**
   * A refusal.
   *
   * @param message the whole message
   * @param backend the name that was asked for
   * @param cause what led to it, or null
   */
  public BackendUnavailableException(String message, String backend, @Nullable Throwable cause) {
    super(message, backend, cause);
  }
}
