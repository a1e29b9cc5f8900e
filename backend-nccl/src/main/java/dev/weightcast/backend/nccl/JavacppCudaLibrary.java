package dev.weightcast.backend.nccl;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.cudart.cudaDeviceProp;
import org.bytedeco.cuda.cudart.cudaMemcpyAttributes;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;

/** CUDA's runtime by way of JavaCPP's preset, which must have been loaded. */
final class JavacppCudaLibrary implements CudaLibrary {

  /** Room for a {@code cudaMemcpyAttributes}, with some to spare. */
  private static final int ATTRIBUTES_BYTES = 256;

  @Override
  public int runtimeVersion(int[] version) {
    return cudart.cudaRuntimeGetVersion(version);
  }

  @Override
  public int driverVersion(int[] version) {
    return cudart.cudaDriverGetVersion(version);
  }

  @Override
  public int deviceCount(int[] count) {
    return cudart.cudaGetDeviceCount(count);
  }

  @Override
  public int deviceProperties(int device, String[] nameAndMemory) {
    try (cudaDeviceProp properties = new cudaDeviceProp()) {
      int status = cudart.cudaGetDeviceProperties(properties, device);
      if (status == SUCCESS) {
        nameAndMemory[0] = properties.name().getString();
        nameAndMemory[1] = Long.toString(properties.totalGlobalMem());
      }
      return status;
    }
  }

  @Override
  public int memoryInfo(int device, long[] freeAndTotal) {
    try (NativeScratch scratch = new NativeScratch(2 * Long.BYTES)) {
      SizeTPointer free = new SizeTPointer(scratch.at(0));
      SizeTPointer total = new SizeTPointer(scratch.at(Long.BYTES));
      int status = cudart.cudaSetDevice(device);
      if (status == SUCCESS) {
        status = cudart.cudaMemGetInfo(free, total);
      }
      freeAndTotal[0] = free.get();
      freeAndTotal[1] = total.get();
      return status;
    }
  }

  @Override
  public int allocate(int device, long byteSize, long[] address) {
    try (NativeScratch scratch = new NativeScratch(Long.BYTES)) {
      PointerPointer<Pointer> cell = new PointerPointer<>(scratch.at(0));
      int status = cudart.cudaSetDevice(device);
      if (status == SUCCESS) {
        status = cudart.cudaMalloc(cell, byteSize);
      }
      address[0] = status == SUCCESS ? cell.get().address() : 0;
      return status;
    }
  }

  @Override
  public int free(int device, long address) {
    int status = cudart.cudaSetDevice(device);
    return status == SUCCESS ? cudart.cudaFree(new Address(address)) : status;
  }

  @Override
  public int allocatePinned(int device, long byteSize, long[] address) {
    try (NativeScratch scratch = new NativeScratch(Long.BYTES)) {
      PointerPointer<Pointer> cell = new PointerPointer<>(scratch.at(0));
      int status = cudart.cudaSetDevice(device);
      if (status == SUCCESS) {
        status = cudart.cudaHostAlloc(cell, byteSize, cudart.cudaHostAllocDefault);
      }
      address[0] = status == SUCCESS ? cell.get().address() : 0;
      return status;
    }
  }

  @Override
  public int freePinned(int device, long address) {
    int status = cudart.cudaSetDevice(device);
    return status == SUCCESS ? cudart.cudaFreeHost(new Address(address)) : status;
  }

  @Override
  public ByteBuffer pinnedBytes(long address, int byteSize) {
    return bytes(address, byteSize);
  }

  /** Memory at an address, as a buffer that owns nothing. */
  static ByteBuffer bytes(long address, int byteSize) {
    // Of a pointer to bytes, and no other kind: JavaCPP counts a plain one in units of eight.
    BytePointer bytes = new BytePointer(new Address(address)).capacity(byteSize);
    ByteBuffer buffer = bytes.asByteBuffer().order(ByteOrder.nativeOrder());
    if (buffer.capacity() != byteSize) {
      throw new IllegalStateException(byteSize + " bytes became " + buffer.capacity());
    }
    return buffer;
  }

  @Override
  public int createStream(int device, long[] handle) {
    CUstream_st stream = new CUstream_st();
    int status = cudart.cudaSetDevice(device);
    if (status == SUCCESS) {
      status = cudart.cudaStreamCreateWithFlags(stream, cudart.cudaStreamNonBlocking);
    }
    handle[0] = stream.address();
    return status;
  }

  @Override
  public int destroyStream(int device, long stream) {
    int status = cudart.cudaSetDevice(device);
    return status == SUCCESS ? cudart.cudaStreamDestroy(stream(stream)) : status;
  }

  @Override
  public int queryStream(int device, long stream) {
    int status = cudart.cudaSetDevice(device);
    return status == SUCCESS ? cudart.cudaStreamQuery(stream(stream)) : status;
  }

  @Override
  public int waitEvent(int device, long stream, long event) {
    int status = cudart.cudaSetDevice(device);
    return status == SUCCESS
        ? cudart.cudaStreamWaitEvent(stream(stream), event(event), cudart.cudaEventWaitDefault)
        : status;
  }

  @Override
  public int createEvent(int device, long[] handle) {
    CUevent_st event = new CUevent_st();
    int status = cudart.cudaSetDevice(device);
    if (status == SUCCESS) {
      status = cudart.cudaEventCreateWithFlags(event, cudart.cudaEventDisableTiming);
    }
    handle[0] = event.address();
    return status;
  }

  @Override
  public int destroyEvent(int device, long event) {
    int status = cudart.cudaSetDevice(device);
    return status == SUCCESS ? cudart.cudaEventDestroy(event(event)) : status;
  }

  @Override
  public int recordEvent(int device, long event, long stream) {
    int status = cudart.cudaSetDevice(device);
    return status == SUCCESS ? cudart.cudaEventRecord(event(event), stream(stream)) : status;
  }

  @Override
  public int queryEvent(int device, long event) {
    int status = cudart.cudaSetDevice(device);
    return status == SUCCESS ? cudart.cudaEventQuery(event(event)) : status;
  }

  @Override
  public int copy(int device, long destination, long source, long byteSize, long stream) {
    int status = cudart.cudaSetDevice(device);
    return status == SUCCESS
        ? cudart.cudaMemcpyAsync(
            new Address(destination),
            new Address(source),
            byteSize,
            cudart.cudaMemcpyDefault,
            stream(stream))
        : status;
  }

  @Override
  public int copyAll(int device, CopyBatch batch, long stream) {
    int count = batch.count();
    long arrays = 3L * Long.BYTES * count;
    // Arrays of pointers are arrays of longs; the overload with plain pointers means one pointer.
    try (NativeScratch scratch = new NativeScratch(arrays + Long.BYTES + ATTRIBUTES_BYTES)) {
      new LongPointer(scratch.at(0)).put(batch.toArray(), 0, 3 * count);
      PointerPointer<Pointer> destinations = new PointerPointer<>(scratch.at(0));
      PointerPointer<Pointer> sources = new PointerPointer<>(scratch.at(arrays / 3));
      SizeTPointer sizes = new SizeTPointer(scratch.at(arrays / 3 * 2));
      SizeTPointer attributeIndex = new SizeTPointer(scratch.at(arrays));
      cudaMemcpyAttributes attributes =
          new cudaMemcpyAttributes(scratch.at(arrays + Long.BYTES))
              .srcAccessOrder(cudart.cudaMemcpySrcAccessOrderStream);
      int status = cudart.cudaSetDevice(device);
      return status == SUCCESS
          ? cudart.cudaMemcpyBatchAsync(
              destinations, sources, sizes, count, attributes, attributeIndex, 1, stream(stream))
          : status;
    }
  }

  @Override
  public String errorName(int status) {
    return text(cudart.cudaGetErrorName(status));
  }

  @Override
  public String errorText(int status) {
    return text(cudart.cudaGetErrorString(status));
  }

  @Override
  public void forgetError() {
    int forgotten = cudart.cudaGetLastError();
    assert forgotten >= 0;
  }

  static CUstream_st stream(long handle) {
    return new CUstream_st(new Address(handle));
  }

  private static CUevent_st event(long handle) {
    return new CUevent_st(new Address(handle));
  }

  /** CUDA's texts are constants of the library: nothing to close. */
  private static String text(BytePointer chars) {
    return chars == null || chars.isNull() ? "unknown error" : chars.getString();
  }
}
