package dev.weightcast.backend.nccl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.DataType;
import dev.weightcast.api.Deadline;
import dev.weightcast.api.Device;
import dev.weightcast.api.DeviceBuffer;
import dev.weightcast.api.DeviceException;
import dev.weightcast.api.DeviceStream;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.MemoryCopy;
import dev.weightcast.api.UniqueId;
import dev.weightcast.spi.collective.Communicator;
import dev.weightcast.spi.collective.ProcessGroup;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class NcclCommunicatorFactoryTest {

  private final FakeNccl nccl = new FakeNccl();
  private final FakeCuda cuda = new FakeCuda();
  private final AtomicInteger meetings = new AtomicInteger();
  private final ProcessGroup group =
      new ProcessGroup(0, BroadcastInitInfo.ofStore("127.0.0.1", 1, 2));
  private final Deadline deadline = Deadline.after(Duration.ofSeconds(30));

  private final NcclCommunicatorFactory factory =
      new NcclCommunicatorFactory(
          nccl,
          new NcclVersion(22809),
          (who, version, fresh, time) -> {
            meetings.incrementAndGet();
            UniqueId id = fresh.get();
            return new Meeting() {
              @Override
              public UniqueId id() {
                return id;
              }

              @Override
              public void close() {
                meetings.decrementAndGet();
              }
            };
          });

  @Test
  void theMeetingPlaceStaysOpenForAsLongAsTheChannel() {
    try (CudaRuntime runtime = CudaRuntime.open(cuda, Device.cuda(0))) {
      Communicator communicator = factory.join(group, runtime, deadline);
      assertThat(nccl.calls).containsExactly("init device 0 world 2 rank 0 id 42");
      assertThat(communicator.rank()).isZero();
      assertThat(communicator.worldSize()).isEqualTo(2);
      assertThat(communicator.missingRanks()).isEmpty();
      assertThat(meetings).hasValue(1);
      communicator.close();
      assertThat(meetings).hasValue(0);
    }
  }

  @Test
  void aFailedInitLeavesNothingBehind() {
    nccl.initStatus = 3;
    try (CudaRuntime runtime = CudaRuntime.open(cuda, Device.cuda(0))) {
      assertThatThrownBy(() -> factory.join(group, runtime, deadline))
          .hasMessageContaining("ncclCommInitRankConfig failed");
    }
    assertThat(meetings).hasValue(0);
    assertThat(nccl.aborts).hasValue(1);
    assertThat(nccl.cellsOpen).hasValue(0);
  }

  @Test
  void collectivesSayTypeCountAndAddressAsNcclWantsThem() {
    try (CudaRuntime runtime = CudaRuntime.open(cuda, Device.cuda(0));
        DeviceBuffer buffer = runtime.allocate("b", 64);
        DeviceStream stream = runtime.createStream("s");
        Communicator communicator = factory.join(group, runtime, deadline)) {
      communicator.broadcast(buffer, 16, 5, DataType.BFLOAT16, 1, stream);
      communicator.allReduceSum(buffer, 0, 1, DataType.FLOAT32, stream);
      assertThat(nccl.calls)
          .contains(
              "broadcast " + (buffer.address() + 16) + " count 5 type 9 root 1",
              "allReduce " + buffer.address() + " count 1 type 7");
      assertThatThrownBy(() -> communicator.broadcast(buffer, 0, 1, DataType.BOOL, 0, stream))
          .isInstanceOf(InvalidInfoException.class)
          .hasMessageContaining("NCCL has no type bool");
    }
  }

  @Test
  void waitingForAStreamEndsWhenTheChannelHasFailed() {
    try (CudaRuntime runtime = CudaRuntime.open(cuda, Device.cuda(0));
        DeviceStream stream = runtime.createStream("s")) {
      Communicator communicator = factory.join(group, runtime, deadline);
      cuda.hold();
      nccl.lastError = "Connection closed by remote peer";
      nccl.state = () -> 6;
      assertThatThrownBy(() -> stream.synchronize(deadline))
          .isInstanceOf(DeviceException.class)
          .hasMessageContainingAll("waiting for a stream on cuda:0", "closed by remote peer");
      communicator.close();
      cuda.release();
      stream.synchronize(deadline);
    }
  }

  @Test
  void waitingForPinnedMemoryEndsWhenTheChannelHasFailed() {
    try (CudaRuntime runtime = CudaRuntime.open(cuda, Device.cuda(0), 1, 64);
        DeviceBuffer buffer = runtime.allocate("b", 256);
        DeviceStream stream = runtime.createStream("s")) {
      Communicator communicator = factory.join(group, runtime, deadline);
      cuda.hold();
      nccl.lastError = "Connection closed by remote peer";
      nccl.state = () -> 6;
      HostMemory host = HostMemory.allocate(256); // four times the pinned block
      assertThatThrownBy(() -> stream.copy(List.of(new MemoryCopy(host, 0, buffer, 0, 256))))
          .isInstanceOf(DeviceException.class)
          .hasMessageContainingAll("waiting for pinned memory on cuda:0", "closed by remote peer");
      communicator.abort("it failed");
      CompletableFuture<Void> later =
          CompletableFuture.runAsync(
              () -> stream.copy(List.of(new MemoryCopy(host, 0, buffer, 0, 256))), OwnThread.EACH);
      cuda.release();
      later.join(); // what this rank has left ends by itself
      communicator.close();
    }
  }

  @Test
  void aUniqueIdThatCannotBeMadeIsSaidInNcclsWords() {
    nccl.uniqueIdStatus = 2;
    nccl.lastError = "Bootstrap : no socket interface found";
    assertThatThrownBy(factory::createUniqueId)
        .hasMessageContainingAll(
            "ncclGetUniqueId", "NCCL's text of 2", "no socket interface", "NCCL_SOCKET_IFNAME");
  }
}
