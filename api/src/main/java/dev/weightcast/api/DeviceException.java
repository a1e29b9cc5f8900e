package dev.weightcast.api;

import org.jspecify.annotations.Nullable;

/** A device refused or failed: memory, a stream, an event or a copy. */
public class DeviceException extends WeightTransferException {

  private static final long serialVersionUID = 1L;

  /**
   * A device's failure.
   *
   * @param message which call, on which device, and what the device's library said
   */
  public DeviceException(String message) {
    super(message);
  }

  /**
   * A device's failure with its cause.
   *
   * @param message which call, on which device, and what the device's library said
   * @param cause what led to it, or null
   */
  public DeviceException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
