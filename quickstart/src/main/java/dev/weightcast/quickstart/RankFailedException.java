package dev.weightcast.quickstart;

/** A rank gave up; the message names it and says why. */
final class RankFailedException extends Exception {

  private static final long serialVersionUID = 1L;

  RankFailedException(String message, Throwable cause) {
    super(message, cause);
  }
}
