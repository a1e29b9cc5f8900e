package dev.weightcast.backend.loopback;

import dev.weightcast.api.Device;
import dev.weightcast.api.DeviceBuffer;
import dev.weightcast.api.DeviceException;
import dev.weightcast.api.HostMemory;
import org.jspecify.annotations.Nullable;

/**
 * Host memory that plays the part of device memory: it has an address in its runtime's own address
 * space, and touching it after it was closed is an error and not a coincidence.
 */
final class LoopbackBuffer implements DeviceBuffer {

  private final LoopbackRuntime runtime;
  private final String label;
  private final long address;
  private final long byteSize;
  private volatile @Nullable HostMemory memory;

  LoopbackBuffer(LoopbackRuntime runtime, String label, long address, HostMemory memory) {
    this.runtime = runtime;
    this.label = label;
    this.address = address;
    this.byteSize = memory.byteSize();
    this.memory = memory;
  }

  @Override
  public Device device() {
    return runtime.device();
  }

  @Override
  public long byteSize() {
    return byteSize;
  }

  @Override
  public long address() {
    return address;
  }

  boolean isOf(LoopbackRuntime other) {
    return runtime == other;
  }

  /** The bytes behind the address. */
  HostMemory memory() {
    HostMemory present = memory;
    if (present == null) {
      throw new DeviceException(
          "buffer '"
              + label
              + "' of "
              + byteSize
              + " bytes on "
              + device()
              + " was used after close");
    }
    return present;
  }

  @Override
  public void close() {
    memory = null;
    runtime.forget(this);
  }
}
