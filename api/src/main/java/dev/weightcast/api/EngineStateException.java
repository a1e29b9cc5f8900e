package dev.weightcast.api;

import org.jspecify.annotations.Nullable;

/** An engine was asked for something that its state does not allow. */
public class EngineStateException extends WeightTransferException {

  private static final long serialVersionUID = 1L;

  private final EngineState state;

  /**
   * A refused call.
   *
   * @param message what was asked, the state, and what to call first
   * @param state the engine's state
   * @param cause the first failure, if the engine has failed, or null
   */
  public EngineStateException(String message, EngineState state, @Nullable Throwable cause) {
    super(message, cause);
    this.state = state;
  }

  /**
   * The state that did not allow the call.
   *
   * @return the engine's state at the time
   */
  public EngineState state() {
    return state;
  }
}
