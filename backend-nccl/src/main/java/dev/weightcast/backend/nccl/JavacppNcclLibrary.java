package dev.weightcast.backend.nccl;

import dev.weightcast.api.UniqueId;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.cuda.global.nccl;
import org.bytedeco.cuda.nccl.ncclComm;
import org.bytedeco.cuda.nccl.ncclConfig_t;
import org.bytedeco.cuda.nccl.ncclUniqueId;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/** NCCL by way of JavaCPP's preset, which must have been loaded. */
final class JavacppNcclLibrary implements NcclLibrary {

  /** The first version whose configuration has all that is set here; NCCL fills in the rest. */
  private static final int CONFIG_VERSION = 21400;

  /** Room for a {@code ncclConfig_t}, with some to spare. */
  private static final int CONFIG_BYTES = 1024;

  /** What {@code NCCL_CONFIG_INITIALIZER} puts where nothing is chosen. */
  private static final int UNDEFINED = Integer.MIN_VALUE;

  @Override
  public int version(int[] code) {
    return nccl.ncclGetVersion(code);
  }

  @Override
  public int uniqueId(byte[] id) {
    try (NativeScratch scratch = new NativeScratch(UniqueId.BYTES)) {
      ncclUniqueId fresh = new ncclUniqueId(scratch.at(0));
      int status = nccl.ncclGetUniqueId(fresh);
      fresh.internal().get(id);
      return status;
    }
  }

  @Override
  public HandleCell newCell() {
    return new Cell();
  }

  @Override
  public int initRank(int device, HandleCell cell, int worldSize, byte[] id, int rank) {
    try (NativeScratch scratch = new NativeScratch(UniqueId.BYTES + CONFIG_BYTES)) {
      ncclUniqueId where = new ncclUniqueId(scratch.at(0));
      ncclConfig_t config = new ncclConfig_t(scratch.at(UniqueId.BYTES));
      where.internal().put(id);
      nonBlocking(config);
      int status = cudart.cudaSetDevice(device);
      if (status != 0) {
        return 1; // ncclUnhandledCudaError, which is what NCCL would answer
      }
      return nccl.ncclCommInitRankConfig(((Cell) cell).pointer, worldSize, where, rank, config);
    }
  }

  private static void nonBlocking(ncclConfig_t config) {
    if (config.sizeof() > CONFIG_BYTES) {
      throw new IllegalStateException("a configuration of " + config.sizeof() + " bytes");
    }
    config
        .size(config.sizeof())
        .magic(nccl.NCCL_API_MAGIC)
        .version(CONFIG_VERSION)
        .blocking(0)
        .cgaClusterSize(UNDEFINED)
        .minCTAs(UNDEFINED)
        .maxCTAs(UNDEFINED)
        .splitShare(UNDEFINED);
  }

  @Override
  public int asyncError(long communicator, int[] state) {
    return nccl.ncclCommGetAsyncError(communicator(communicator), state);
  }

  @Override
  public int abort(int device, long communicator) {
    cudart.cudaSetDevice(device);
    return nccl.ncclCommAbort(communicator(communicator));
  }

  @Override
  public int broadcast(
      int device, long address, long count, int type, int root, long communicator, long stream) {
    cudart.cudaSetDevice(device);
    Pointer data = new Address(address);
    return nccl.ncclBroadcast(
        data,
        data,
        count,
        type,
        root,
        communicator(communicator),
        JavacppCudaLibrary.stream(stream));
  }

  @Override
  public int allReduceSum(
      int device, long address, long count, int type, long communicator, long stream) {
    cudart.cudaSetDevice(device);
    Pointer data = new Address(address);
    return nccl.ncclAllReduce(
        data,
        data,
        count,
        type,
        nccl.ncclSum,
        communicator(communicator),
        JavacppCudaLibrary.stream(stream));
  }

  @Override
  public String errorText(int status) {
    return text(nccl.ncclGetErrorString(status));
  }

  @Override
  public String lastError() {
    return text(nccl.ncclGetLastError(null));
  }

  private static ncclComm communicator(long handle) {
    return new ncclComm(new Address(handle));
  }

  /** NCCL's texts live in the library: nothing to close. */
  private static String text(BytePointer chars) {
    return chars == null || chars.isNull() ? "" : chars.getString();
  }

  private static final class Cell implements HandleCell {

    private final NativeScratch scratch = new NativeScratch(Long.BYTES);
    final PointerPointer<Pointer> pointer = new PointerPointer<>(scratch.at(0));

    @Override
    public long value() {
      Pointer value = pointer.get();
      return value == null ? 0 : value.address();
    }

    @Override
    public void close() {
      scratch.close();
    }
  }
}
