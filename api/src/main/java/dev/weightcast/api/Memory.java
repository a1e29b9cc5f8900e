package dev.weightcast.api;

/**
 * A stretch of bytes that tensors live in: on the host ({@link HostMemory}) or on a device ({@link
 * DeviceBuffer}).
 *
 * <p>Streams copy between any two of them; see {@link DeviceStream#copy}.
 */
public sealed interface Memory permits HostMemory, DeviceBuffer {

  /**
   * Where the bytes are.
   *
   * @return the device; {@link Device#CPU} for host memory
   */
  Device device();

  /**
   * How many bytes there are.
   *
   * @return zero or more; may exceed 2 GiB
   */
  long byteSize();
}
