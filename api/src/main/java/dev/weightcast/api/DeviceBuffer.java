package dev.weightcast.api;

/**
 * Memory on a device, known by its address there.
 *
 * <p>A buffer that a {@link DeviceContext} allocated belongs to whoever asked for it and is freed
 * by {@link #close()}. A buffer made by {@link #wrap} belongs to somebody else: closing it frees
 * nothing, and its owner keeps it alive until everything enqueued on it has run.
 */
public non-sealed interface DeviceBuffer extends Memory, AutoCloseable {

  /**
   * Where the buffer starts, in the device's address space.
   *
   * @return an address as the device's own library writes it (CUDA's {@code CUdeviceptr})
   */
  long address();

  /** Gives the memory back if this buffer owns it. Idempotent; never throws. */
  @Override
  void close();

  /**
   * A view of memory that somebody else owns, without copying it.
   *
   * @param device where it is
   * @param address where it starts
   * @param byteSize how long it is
   * @return a buffer whose {@code close()} does nothing
   * @throws InvalidInfoException if the size is negative or the device is the host
   */
  static DeviceBuffer wrap(Device device, long address, long byteSize) {
    return new WrappedDeviceBuffer(device, address, byteSize);
  }
}
