package dev.weightcast.api;

/**
 * One engine's device: makes memory, streams and events there, and wraps those that others own.
 *
 * <p>Everything made here is on the account of the engine it came from: what is still open when the
 * engine closes is reported by label and bytes. May be used from any thread.
 */
public interface DeviceContext {

  /**
   * The device itself.
   *
   * @return where everything made here lives
   */
  Device device();

  /**
   * New memory on the device, its content undefined.
   *
   * @param label what it is for, as it shall stand in reports
   * @param byteSize how many bytes; zero is allowed
   * @return memory that the caller closes
   * @throws OutOfDeviceMemoryException if there is not enough
   */
  DeviceBuffer allocate(String label, long byteSize);

  /**
   * A new stream.
   *
   * @param label what it is for, as it shall stand in reports
   * @return a stream that the caller closes
   */
  DeviceStream createStream(String label);

  /**
   * A new event.
   *
   * @return an event that the caller closes
   */
  DeviceEvent createEvent();

  /**
   * A stream that somebody else owns.
   *
   * @param handle as the device's own library knows it
   * @return a stream whose {@code close()} leaves the owner's stream alone
   * @throws DeviceException if there is no such stream, where that can be known
   */
  DeviceStream wrapStream(long handle);

  /**
   * An event that somebody else owns.
   *
   * @param handle as the device's own library knows it
   * @return an event whose {@code close()} leaves the owner's event alone
   * @throws DeviceException if there is no such event, where that can be known
   */
  DeviceEvent wrapEvent(long handle);
}
