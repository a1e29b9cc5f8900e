package dev.weightcast.backend.nccl;

import dev.weightcast.api.DataType;
import dev.weightcast.api.Deadline;
import dev.weightcast.api.DeviceBuffer;
import dev.weightcast.api.DeviceStream;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.WeightTransferException;
import dev.weightcast.spi.collective.Communicator;
import dev.weightcast.spi.collective.ProcessGroup;
import dev.weightcast.spi.collective.SideChannel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The live channel of one rank: collectives on a non-blocking NCCL communicator, and what the ranks
 * say to each other beside it.
 */
final class NcclCommunicator implements Communicator {

  /** How much later than what NCCL says the reason for it may come from the rank that failed. */
  private static final Duration PATIENCE = Duration.ofMillis(300);

  private final NcclHandle handle;
  private final ProcessGroup group;
  private final Meeting meeting;
  private final Peers peers;
  private final CudaRuntime runtime;
  private final Supplier<Optional<WeightTransferException>> watched = this::endlessWait;
  private volatile @Nullable Deadline patience;
  private volatile boolean left;

  /**
   * A channel whose communicator is ready.
   *
   * @param meeting lasts as long as the channel
   * @param runtime where the collectives run; its waits look after this channel
   */
  NcclCommunicator(NcclHandle handle, ProcessGroup group, Meeting meeting, CudaRuntime runtime) {
    this.handle = handle;
    this.group = group;
    this.meeting = meeting;
    this.peers = meeting.peers();
    this.runtime = runtime;
    runtime.watch(watched);
  }

  @Override
  public int rank() {
    return group.rank();
  }

  @Override
  public int worldSize() {
    return group.worldSize();
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
    enqueue(
        "ncclBroadcast",
        (nccl, device, communicator) ->
            nccl.broadcast(device, address, count, ncclType, root, communicator, stream.handle()));
  }

  @Override
  public void allReduceSum(
      DeviceBuffer buffer, long byteOffset, long count, DataType type, DeviceStream stream) {
    int ncclType = ncclType(type);
    long address = buffer.address() + byteOffset;
    enqueue(
        "ncclAllReduce",
        (nccl, device, communicator) ->
            nccl.allReduceSum(device, address, count, ncclType, communicator, stream.handle()));
  }

  private void enqueue(String call, NcclHandle.Call body) {
    try {
      handle.enqueue(call, body);
    } catch (WeightTransferException e) {
      // What NCCL refuses by itself may come of another rank's failure; what this rank has aborted
      // does not.
      throw handle.failure().isPresent() ? peers.explain(e, Deadline.after(PATIENCE)) : e;
    }
  }

  private static int ncclType(DataType type) {
    return type.ncclType()
        .orElseThrow(
            () ->
                new InvalidInfoException(
                    "NCCL has no type " + type + ": such tensors travel packed, as bytes"));
  }

  /** Another rank's reason first; what NCCL says, only when none has come for a moment. */
  @Override
  public Optional<WeightTransferException> failure() {
    Optional<WeightTransferException> peer = peers.failure();
    if (peer.isPresent()) {
      return peer;
    }
    Optional<WeightTransferException> ncclFailure = handle.failure();
    if (ncclFailure.isEmpty() || !peers.mayStillSay()) {
      return ncclFailure;
    }
    Deadline started = patience;
    if (started == null) {
      started = Deadline.after(PATIENCE);
      patience = started;
    }
    return started.isExpired() ? ncclFailure : Optional.empty();
  }

  /** Why waits on the device may never end; once this rank has left they do. */
  private Optional<WeightTransferException> endlessWait() {
    return left ? Optional.empty() : failure();
  }

  @Override
  public Optional<SideChannel> sideChannel() {
    return peers.sideChannel();
  }

  /** NCCL does not tell whom a collective waits for. */
  @Override
  public List<Integer> missingRanks() {
    return List.of();
  }

  @Override
  public void abort(String reason) {
    left = true;
    handle.abort(reason);
  }

  @Override
  public void close() {
    left = true;
    handle.close();
    runtime.unwatch(watched);
    meeting.close();
  }
}
