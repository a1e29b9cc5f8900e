package dev.weightcast.api;

/** Somebody else's device memory. */
record WrappedDeviceBuffer(Device device, long address, long byteSize) implements DeviceBuffer {

  WrappedDeviceBuffer {
    if (byteSize < 0 || device.isCpu()) {
      throw new InvalidInfoException(
          "cannot wrap "
              + byteSize
              + " bytes at 0x"
              + Long.toHexString(address)
              + " on "
              + device
              + " as device memory; the size must not be negative and host memory is wrapped with"
              + " HostMemory.wrap");
    }
  }

  @Override
  public void close() {}
}
