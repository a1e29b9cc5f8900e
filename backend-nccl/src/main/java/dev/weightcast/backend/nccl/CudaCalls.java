package dev.weightcast.backend.nccl;

import dev.weightcast.api.Device;
import dev.weightcast.api.DeviceException;

/** One device, and the check of every status: what CUDA refuses becomes an exception in words. */
final class CudaCalls {

  private final CudaLibrary cuda;
  private final Device device;

  CudaCalls(CudaLibrary cuda, Device device) {
    this.cuda = cuda;
    this.device = device;
  }

  CudaLibrary cuda() {
    return cuda;
  }

  Device device() {
    return device;
  }

  int ordinal() {
    return device.index();
  }

  /**
   * Checks a status.
   *
   * @throws DeviceException if the call did not go well
   */
  void check(String call, int status) {
    if (status != CudaLibrary.SUCCESS) {
      throw failure(call, status);
    }
  }

  /**
   * Checks the status of a query.
   *
   * @return whether what was asked about is done
   * @throws DeviceException if it has failed
   */
  boolean isDone(String call, int status) {
    if (status == CudaLibrary.NOT_READY) {
      return false;
    }
    check(call, status);
    return true;
  }

  DeviceException failure(String call, int status) {
    // CUDA keeps the error for this thread's next caller of cudaGetLastError, whoever that is.
    cuda.forgetError();
    return new DeviceException(call + " failed on " + device + ": " + describe(cuda, status));
  }

  /** As in {@code cudaErrorNoDevice (100): no CUDA-capable device is detected}. */
  static String describe(CudaLibrary cuda, int status) {
    return cuda.errorName(status) + " (" + status + "): " + cuda.errorText(status);
  }
}
