package dev.weightcast.spi.collective;

import dev.weightcast.api.DataType;
import dev.weightcast.api.Deadline;
import dev.weightcast.api.DeviceBuffer;
import dev.weightcast.api.DeviceStream;
import dev.weightcast.api.UniqueId;
import dev.weightcast.api.WeightTransferException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A group of this rank and nobody who answers: what a test does not override is a success. */
class ManualCommunicator implements Communicator, CommunicatorFactory {

  private final List<String> abortReasons = new ArrayList<>();

  /** Why it was aborted, in the order of the calls. */
  synchronized List<String> abortReasons() {
    return List.copyOf(abortReasons);
  }

  /** Called for each broadcast; throws what the test wants. */
  void onBroadcast() {}

  @Override
  public Communicator join(ProcessGroup group, DeviceRuntime device, Deadline deadline) {
    return this;
  }

  @Override
  public UniqueId createUniqueId() {
    return UniqueId.of(new byte[UniqueId.BYTES]);
  }

  @Override
  public int rank() {
    return 0;
  }

  @Override
  public int worldSize() {
    return 2;
  }

  @Override
  public void broadcast(
      DeviceBuffer buffer,
      long byteOffset,
      long count,
      DataType type,
      int root,
      DeviceStream stream) {
    onBroadcast();
  }

  @Override
  public void allReduceSum(
      DeviceBuffer buffer, long byteOffset, long count, DataType type, DeviceStream stream) {}

  @Override
  public Optional<WeightTransferException> failure() {
    return Optional.empty();
  }

  @Override
  public List<Integer> missingRanks() {
    return List.of(1);
  }

  @Override
  public synchronized void abort(String reason) {
    abortReasons.add(reason);
  }

  @Override
  public void close() {}
}
