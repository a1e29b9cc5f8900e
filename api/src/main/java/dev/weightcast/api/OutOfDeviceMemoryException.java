package dev.weightcast.api;

/** There was not enough memory on the device for what was asked. */
public class OutOfDeviceMemoryException extends DeviceException {

  private static final long serialVersionUID = 1L;

  private final long requestedBytes;

  /**
   * A refused allocation.
   *
   * @param message what was asked, for what, and what is free
   * @param requestedBytes how many bytes were asked for
   */
  public OutOfDeviceMemoryException(String message, long requestedBytes) {
    super(message);
    this.requestedBytes = requestedBytes;
  }

  /**
   * What was asked for.
   *
   * @return bytes
   */
  public long requestedBytes() {
    return requestedBytes;
  }
}
