package dev.weightcast.backend.nccl;

import java.nio.ByteBuffer;

/**
 * CUDA's runtime, call by call: what returns an {@code int} returns CUDA's own status, and results
 * go into the arrays.
 *
 * <p>CUDA binds a device to the calling thread. Each call that works on a device therefore names
 * it, and the implementation sets it right before, so that any thread may call, virtual ones too.
 */
interface CudaLibrary {

  /** The call went well. */
  int SUCCESS = 0;

  /** There is not enough memory. */
  int OUT_OF_MEMORY = 2;

  /** The driver is too old for the call. */
  int NEEDS_NEWER_DRIVER = 36;

  /** The stream or event has work left. */
  int NOT_READY = 600;

  /** The call is not supported here. */
  int NOT_SUPPORTED = 801;

  /** {@code cudaRuntimeGetVersion}: 13000 is 13.0. */
  int runtimeVersion(int[] version);

  /** {@code cudaDriverGetVersion}: the newest CUDA the driver can run, 0 without a driver. */
  int driverVersion(int[] version);

  /** {@code cudaGetDeviceCount}. */
  int deviceCount(int[] count);

  /** {@code cudaGetDeviceProperties}: its name, then bytes of memory as a number. */
  int deviceProperties(int device, String[] nameAndMemory);

  /** {@code cudaMemGetInfo}: free bytes, then total bytes. */
  int memoryInfo(int device, long[] freeAndTotal);

  /** {@code cudaMalloc}. */
  int allocate(int device, long byteSize, long[] address);

  /** {@code cudaFree}; may wait for everything on the device. */
  int free(int device, long address);

  /** {@code cudaHostAlloc}: memory on the host that the device can reach by itself. */
  int allocatePinned(int device, long byteSize, long[] address);

  /** {@code cudaFreeHost}. */
  int freePinned(int device, long address);

  /** The bytes of pinned memory; valid until it is freed. */
  ByteBuffer pinnedBytes(long address, int byteSize);

  /** {@code cudaStreamCreateWithFlags}, without ties to the default stream. */
  int createStream(int device, long[] handle);

  /** {@code cudaStreamDestroy}; work that is enqueued still runs. */
  int destroyStream(int device, long stream);

  /** {@code cudaStreamQuery}. */
  int queryStream(int device, long stream);

  /** {@code cudaStreamWaitEvent}. */
  int waitEvent(int device, long stream, long event);

  /** {@code cudaEventCreateWithFlags}, without timing. */
  int createEvent(int device, long[] handle);

  /** {@code cudaEventDestroy}; an event that is still to come may be destroyed. */
  int destroyEvent(int device, long event);

  /** {@code cudaEventRecord}. */
  int recordEvent(int device, long event, long stream);

  /** {@code cudaEventQuery}. */
  int queryEvent(int device, long event);

  /** {@code cudaMemcpyAsync} between device memory and device or pinned memory. */
  int copy(int device, long destination, long source, long byteSize, long stream);

  /** {@code cudaMemcpyBatchAsync}: many of the same in one call. */
  int copyAll(int device, CopyBatch batch, long stream);

  /** {@code cudaGetErrorName}. */
  String errorName(int status);

  /** {@code cudaGetErrorString}. */
  String errorText(int status);

  /** {@code cudaGetLastError}: forgets the calling thread's last error. */
  void forgetError();
}
