package dev.weightcast.api;

import org.jspecify.annotations.Nullable;

/**
 * The backend was built for another version of the SPI; the message has both versions and the jar.
 */
public class IncompatibleBackendException extends BackendException {

  private static final long serialVersionUID = 1L;

  /**
   * A refusal.
   *
   * @param message the whole message
   * @param backend the name that was asked for
   * @param cause what led to it, or null
   */
  public IncompatibleBackendException(String message, String backend, @Nullable Throwable cause) {
    super(message, backend, cause);
  }
}
