package dev.weightcast.backend.nccl;

import dev.weightcast.api.Device;
import dev.weightcast.api.DeviceBuffer;
import java.util.concurrent.atomic.AtomicBoolean;

/** Device memory that this runtime allocated. */
final class CudaBuffer implements DeviceBuffer {

  private final CudaRuntime runtime;
  private final String label;
  private final long address;
  private final long byteSize;
  private final AtomicBoolean closed = new AtomicBoolean();

  CudaBuffer(CudaRuntime runtime, String label, long address, long byteSize) {
    this.runtime = runtime;
    this.label = label;
    this.address = address;
    this.byteSize = byteSize;
  }

  @Override
  public Device device() {
    return runtime.device();
  }

  @Override
  public long address() {
    return address;
  }

  @Override
  public long byteSize() {
    return byteSize;
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      runtime.releaseMemory(this, "cudaFree", cuda -> cuda.free(device().index(), address));
    }
  }

  @Override
  public String toString() {
    return "buffer '" + label + "' (" + byteSize + " bytes on " + device() + ")";
  }
}
