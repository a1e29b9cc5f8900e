package dev.weightcast.api;

import org.jspecify.annotations.Nullable;

/**
 * A backend could not be found or made; the message says what was asked and where that came from,
 * what was found, and what to do next.
 */
public class BackendException extends WeightTransferException {

  private static final long serialVersionUID = 1L;

  private final String backend;

  /**
   * A failure with its cause.
   *
   * @param message the whole message
   * @param backend the name that was asked for
   * @param cause what led to it, or null
   */
  public BackendException(String message, String backend, @Nullable Throwable cause) {
    super(message, cause);
    this.backend = backend;
  }

  /**
   * The name that was asked for.
   *
   * @return a backend's name, or {@code auto}
   */
  public String backend() {
    return backend;
  }
}
