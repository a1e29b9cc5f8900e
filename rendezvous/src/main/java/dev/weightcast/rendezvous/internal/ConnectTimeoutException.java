package dev.weightcast.rendezvous.internal;

import java.io.IOException;

/** One attempt to connect got no answer; another may. */
final class ConnectTimeoutException extends IOException {

  private static final long serialVersionUID = 1L;

  ConnectTimeoutException(String message) {
    super(message);
  }
}
