package dev.weightcast.rendezvous.internal;

import java.io.IOException;

/** The other side said something that this wire does not allow; its connection ends. */
public final class ProtocolException extends IOException {

  private static final long serialVersionUID = 1L;

  /**
   * A breach of the protocol.
   *
   * @param message what was found and what is allowed
   */
  public ProtocolException(String message) {
    super(message);
  }
}
