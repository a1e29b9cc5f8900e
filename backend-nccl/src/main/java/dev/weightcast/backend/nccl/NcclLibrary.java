package dev.weightcast.backend.nccl;

/**
 * NCCL, call by call: what returns an {@code int} returns NCCL's own status, and results go into
 * the arrays. Each call that works on a device sets it for the calling thread first.
 *
 * <p>Communicators are non-blocking: a call may answer {@link #IN_PROGRESS} and go on in the
 * background, and until {@link #asyncError} says otherwise nothing else may be called on that
 * communicator but that and {@link #abort}. Calls on one communicator must not overlap.
 */
interface NcclLibrary {

  /** The call went well. */
  int SUCCESS = 0;

  /** The call goes on in the background. */
  int IN_PROGRESS = 7;

  /** {@code ncclGetVersion}: 22809 is 2.28.9. */
  int version(int[] code);

  /** {@code ncclGetUniqueId}: 128 bytes; opens the socket at which the ranks will meet. */
  int uniqueId(byte[] id);

  /** Memory that NCCL writes a communicator's handle into, whenever it gets there. */
  HandleCell newCell();

  /** {@code ncclCommInitRankConfig}, non-blocking. */
  int initRank(int device, HandleCell cell, int worldSize, byte[] id, int rank);

  /** {@code ncclCommGetAsyncError}: where the communicator is; does not wait. */
  int asyncError(long communicator, int[] state);

  /**
   * {@code ncclCommAbort}: tells kernels and threads to stop, waits for them and frees everything.
   */
  int abort(int device, long communicator);

  /** {@code ncclBroadcast} in place. */
  int broadcast(
      int device, long address, long count, int type, int root, long communicator, long stream);

  /** {@code ncclAllReduce} in place, as a sum. */
  int allReduceSum(int device, long address, long count, int type, long communicator, long stream);

  /** {@code ncclGetErrorString}. */
  String errorText(int status);

  /** {@code ncclGetLastError}: the last warning that NCCL wrote in this process, or empty. */
  String lastError();

  /** Where NCCL keeps a handle. */
  interface HandleCell extends AutoCloseable {

    /** The handle, 0 while there is none. */
    long value();

    @Override
    void close();
  }
}
