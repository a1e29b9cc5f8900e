package dev.weightcast.api;

import org.jspecify.annotations.Nullable;

/** Two providers have the same name; the message names both jars, and neither is taken. */
public class DuplicateBackendException extends BackendException {

  private static final long serialVersionUID = 1L;

  /**
   * A refusal.
   *
   * @param message the whole message
   * @param backend the name that was asked for
   * @param cause what led to it, or null
   */
  public DuplicateBackendException(String message, String backend, @Nullable Throwable cause) {
    super(message, backend, cause);
  }
}
