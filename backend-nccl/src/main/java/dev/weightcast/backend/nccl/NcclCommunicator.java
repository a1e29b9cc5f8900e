package dev.weightcast.backend.nccl;

import dev.weightcast.api.DataType;
import dev.weightcast.api.DeviceBuffer;
import dev.weightcast.api.DeviceStream;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.WeightTransferException;
import dev.weightcast.spi.collective.Communicator;
import java.util.List;
import java.util.Optional;

/** The live channel of one rank: collectives on a non-blocking NCCL communicator. */
final class NcclCommunicator implements Communicator {

  private final NcclHandle handle;
  private final int rank;
  private final int worldSize;
  private final Runnable onClose;

  /**
   * A channel whose communicator is ready.
   *
   * @param onClose lets go of what has to last for as long as the channel; idempotent
   */
  NcclCommunicator(NcclHandle handle, int rank, int worldSize, Runnable onClose) {
    this.handle = handle;
    this.rank = rank;
    this.worldSize = worldSize;
    this.onClose = onClose;
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public int worldSize() {
    return worldSize;
  }

  @Override
  public void broadcast(
      DeviceBuffer buffer,
      long byteOffset,
      long count,
      DataType type,
      int root,
      DeviceStream stream) {
    int ncclType = ncclType(type);
    long address = buffer.address() + byteOffset;
    handle.enqueue(
        "ncclBroadcast",
        (nccl, device, communicator) ->
            nccl.broadcast(device, address, count, ncclType, root, communicator, stream.handle()));
  }

  @Override
  public void allReduceSum(
      DeviceBuffer buffer, long byteOffset, long count, DataType type, DeviceStream stream) {
    int ncclType = ncclType(type);
    long address = buffer.address() + byteOffset;
    handle.enqueue(
        "ncclAllReduce",
        (nccl, device, communicator) ->
            nccl.allReduceSum(device, address, count, ncclType, communicator, stream.handle()));
  }

  private static int ncclType(DataType type) {
    return type.ncclType()
        .orElseThrow(
            () ->
                new InvalidInfoException(
                    "NCCL has no type " + type + ": such tensors travel packed, as bytes"));
  }

  @Override
  public Optional<WeightTransferException> failure() {
    return handle.failure();
  }

  /** NCCL does not tell whom a collective waits for. */
  @Override
  public List<Integer> missingRanks() {
    return List.of();
  }

  @Override
  public void abort(String reason) {
    handle.abort(reason);
  }

  @Override
  public void close() {
    handle.close();
    onClose.run();
  }
}
