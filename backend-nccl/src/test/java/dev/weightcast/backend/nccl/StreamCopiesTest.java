package dev.weightcast.backend.nccl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.Device;
import dev.weightcast.api.DeviceBuffer;
import dev.weightcast.api.DeviceEvent;
import dev.weightcast.api.DeviceException;
import dev.weightcast.api.DeviceStream;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.MemoryCopy;
import dev.weightcast.api.TransferAbortedException;
import dev.weightcast.api.WeightTransferException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StreamCopiesTest {

  private static final int BLOCK = 64;

  private final FakeCuda cuda = new FakeCuda();
  private final CudaRuntime runtime = CudaRuntime.open(cuda, Device.cuda(0), 2, BLOCK);
  private final DeviceStream stream = runtime.createStream("s");
  private final Random random = new Random(4);

  @AfterEach
  void nothingIsLeft() {
    cuda.release();
    runtime.close();
    assertThat(cuda.open()).isZero();
  }

  private byte[] bytes(int size) {
    byte[] bytes = new byte[size];
    random.nextBytes(bytes);
    return bytes;
  }

  private static HostMemory host(byte[] bytes) {
    return HostMemory.wrap(ByteBuffer.wrap(bytes));
  }

  private void synchronize() {
    stream.synchronize(Deadline.after(Duration.ofSeconds(10)));
  }

  @Test
  void hostBytesReachTheDeviceThroughBlocksSmallerThanThey() {
    byte[] content = bytes(5 * BLOCK + 7);
    DeviceBuffer buffer = runtime.allocate("b", content.length + 3);
    stream.copy(List.of(new MemoryCopy(host(content), 0, buffer, 3, content.length)));
    synchronize();
    assertThat(cuda.get(buffer.address() + 3, content.length)).isEqualTo(content);
  }

  @Test
  void deviceBytesReachTheHostThroughBlocksSmallerThanThey() {
    byte[] content = bytes(5 * BLOCK + 7);
    DeviceBuffer buffer = runtime.allocate("b", content.length);
    cuda.put(buffer.address(), content);
    byte[] found = new byte[content.length + 2];
    stream.copy(List.of(new MemoryCopy(buffer, 0, host(found), 2, content.length)));
    synchronize();
    assertThat(found).endsWith(content).startsWith(0, 0);
  }

  @Test
  void manySmallPiecesFromTheHostShareABlockAndBecomeOneCopy() {
    byte[] content = bytes(60);
    DeviceBuffer buffer = runtime.allocate("b", 60);
    HostMemory source = host(content);
    stream.copy(
        List.of(
            new MemoryCopy(source, 0, buffer, 0, 13),
            new MemoryCopy(source, 13, buffer, 13, 0),
            new MemoryCopy(source, 13, buffer, 13, 17),
            new MemoryCopy(source, 30, buffer, 30, 30)));
    synchronize();
    assertThat(cuda.get(buffer.address(), 60)).isEqualTo(content);
    assertThat(cuda.calls()).containsOnlyOnce("cudaMemcpyAsync", "cudaHostAlloc");
  }

  @Test
  void copiesOnTheDeviceGoInOneBatch() {
    byte[] content = bytes(40);
    DeviceBuffer from = runtime.allocate("from", 40);
    DeviceBuffer to = runtime.allocate("to", 40);
    cuda.put(from.address(), content);
    stream.copy(List.of(new MemoryCopy(from, 0, to, 20, 20), new MemoryCopy(from, 20, to, 0, 20)));
    synchronize();
    assertThat(cuda.get(to.address() + 20, 20)).isEqualTo(cuda.get(from.address(), 20));
    assertThat(cuda.get(to.address(), 20)).isEqualTo(cuda.get(from.address() + 20, 20));
    assertThat(cuda.calls())
        .containsOnlyOnce("cudaMemcpyBatchAsync")
        .doesNotContain("cudaMemcpyAsync", "cudaHostAlloc");
  }

  @Test
  void whereBatchesAreNotSupportedIsDecidedOnce() {
    DeviceBuffer from = runtime.allocate("from", 40);
    DeviceBuffer to = runtime.allocate("to", 40);
    cuda.put(from.address(), bytes(40));
    List<MemoryCopy> copies =
        List.of(new MemoryCopy(from, 0, to, 20, 20), new MemoryCopy(from, 20, to, 0, 20));
    cuda.fail("cudaMemcpyBatchAsync", CudaLibrary.NOT_SUPPORTED);
    stream.copy(copies);
    stream.copy(copies);
    synchronize();
    assertThat(cuda.get(to.address(), 20)).isEqualTo(cuda.get(from.address() + 20, 20));
    assertThat(cuda.calls()).containsOnlyOnce("cudaMemcpyBatchAsync");
    assertThat(cuda.calls()).filteredOn("cudaMemcpyAsync"::equals).hasSize(4);
  }

  @Test
  void theDefaultStreamTakesNoBatches() {
    DeviceBuffer from = runtime.allocate("from", 40);
    DeviceBuffer to = runtime.allocate("to", 40);
    runtime
        .wrapStream(0)
        .copy(List.of(new MemoryCopy(from, 0, to, 20, 20), new MemoryCopy(from, 20, to, 0, 20)));
    assertThat(cuda.calls()).doesNotContain("cudaMemcpyBatchAsync").contains("cudaMemcpyAsync");
  }

  @Test
  void theSourceMayBeChangedWhenTheEventAfterIsDone() {
    byte[] content = bytes(BLOCK);
    byte[] expected = content.clone();
    DeviceBuffer buffer = runtime.allocate("b", BLOCK);
    stream.copy(List.of(new MemoryCopy(host(content), 0, buffer, 0, BLOCK)));
    synchronize();
    random.nextBytes(content);
    assertThat(cuda.get(buffer.address(), BLOCK)).isEqualTo(expected);
  }

  @Test
  void bytesHaveLandedOnTheHostWhenAnEventOfAnotherStreamThatWaitedIsDone() {
    byte[] content = bytes(40);
    DeviceBuffer buffer = runtime.allocate("b", 40);
    cuda.put(buffer.address(), content);
    byte[] found = new byte[40];
    DeviceStream second = runtime.createStream("second");
    DeviceEvent first = runtime.createEvent();
    DeviceEvent last = runtime.createEvent();
    stream.copy(List.of(new MemoryCopy(buffer, 0, host(found), 0, 40)));
    stream.recordEvent(first);
    second.waitEvent(first);
    second.recordEvent(last);
    assertThat(last.query()).isTrue();
    assertThat(found).isEqualTo(content);
  }

  @Test
  void whatComesFromTheHostIsReadAfterWhatWasOnItsWayThere() {
    byte[] content = bytes(40);
    DeviceBuffer buffer = runtime.allocate("b", 80);
    cuda.put(buffer.address(), content);
    HostMemory between = HostMemory.allocate(40);
    HostMemory end = HostMemory.allocate(40);
    stream.copy(List.of(new MemoryCopy(buffer, 0, between, 0, 40)));
    stream.copy(List.of(new MemoryCopy(between, 0, end, 0, 40)));
    stream.copy(List.of(new MemoryCopy(end, 0, buffer, 40, 40)));
    synchronize();
    assertThat(cuda.get(buffer.address() + 40, 40)).isEqualTo(content);
  }

  @Test
  void aFullRingWaitsForTheDeviceUntilTheRuntimeIsClosed() throws Exception {
    DeviceBuffer buffer = runtime.allocate("b", 10 * BLOCK);
    cuda.hold();
    Throwable thrown =
        inThread(
            () -> stream.copy(List.of(new MemoryCopy(host(bytes(600)), 0, buffer, 0, 600))),
            caller -> {
              Thread closer = new Thread(runtime::close);
              closer.start();
              caller.join(10_000);
              cuda.release();
              closer.join(10_000);
            });
    assertThat(thrown).isInstanceOf(DeviceException.class).hasMessageContaining("closed");
  }

  @Test
  void aFullRingIsLeftWhenTheChannelHasFailedThatTheStreamMayBeStuckBehind() throws Exception {
    DeviceBuffer buffer = runtime.allocate("b", 10 * BLOCK);
    cuda.hold();
    Throwable thrown =
        inThread(
            () -> stream.copy(List.of(new MemoryCopy(host(bytes(600)), 0, buffer, 0, 600))),
            caller -> {
              runtime.watch(() -> Optional.of(new WeightTransferException("rank 1 is gone")));
              caller.join(10_000);
            });
    assertThat(thrown)
        .isInstanceOf(DeviceException.class)
        .hasMessageContaining("waiting for pinned memory on cuda:0 ended: rank 1 is gone");
  }

  @Test
  void aFullRingCanBeLeftByAnInterrupt() throws Exception {
    DeviceBuffer buffer = runtime.allocate("b", 10 * BLOCK);
    cuda.hold();
    Throwable thrown =
        inThread(
            () -> stream.copy(List.of(new MemoryCopy(host(bytes(600)), 0, buffer, 0, 600))),
            caller -> {
              caller.interrupt();
              caller.join(10_000);
            });
    assertThat(thrown)
        .isInstanceOf(TransferAbortedException.class)
        .hasCauseInstanceOf(InterruptedException.class);
  }

  @Test
  void aFullRingGoesOnWithTheDevice() throws Exception {
    byte[] content = bytes(600);
    DeviceBuffer buffer = runtime.allocate("b", 600);
    cuda.hold();
    Throwable thrown =
        inThread(
            () -> stream.copy(List.of(new MemoryCopy(host(content), 0, buffer, 0, 600))),
            caller -> {
              cuda.release();
              caller.join(10_000);
            });
    assertThat(thrown).isNull();
    assertThat(cuda.get(buffer.address(), 600)).isEqualTo(content);
  }

  @Test
  void aRefusedCopyGivesItsBlockBack() {
    DeviceBuffer buffer = runtime.allocate("b", 600);
    MemoryCopy copy = new MemoryCopy(host(bytes(40)), 0, buffer, 0, 40);
    for (int i = 0; i < 5; i++) {
      cuda.fail("cudaMemcpyAsync", 719);
      assertThatThrownBy(() -> stream.copy(List.of(copy)))
          .isInstanceOf(DeviceException.class)
          .hasMessageContaining("cudaMemcpyAsync failed on cuda:0");
    }
    stream.copy(List.of(copy));
    synchronize();
  }

  @Test
  void readOnlyMemoryIsNoDestination() {
    DeviceBuffer buffer = runtime.allocate("b", 8);
    HostMemory readOnly = HostMemory.wrap(ByteBuffer.allocate(8).asReadOnlyBuffer());
    assertThatThrownBy(() -> stream.copy(List.of(new MemoryCopy(buffer, 0, readOnly, 0, 8))))
        .isInstanceOf(DeviceException.class)
        .hasMessageContaining("read-only");
  }

  @Test
  void aFailedEventSaysSoEachTimeUntilItIsRecordedAnew() {
    DeviceEvent event = runtime.createEvent();
    stream.recordEvent(event);
    cuda.fail("cudaEventQuery", 719);
    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(event::query)
          .isInstanceOf(DeviceException.class)
          .hasMessageContaining("cudaErrorLaunchFailure (719)");
    }
    stream.recordEvent(event);
    assertThat(event.query()).isTrue();
  }

  @Test
  void bytesLandWithTheRecordingTheyBelongToHoweverOftenSomebodyLooks() throws Exception {
    DeviceBuffer buffer = runtime.allocate("b", 40);
    DeviceEvent event = runtime.createEvent();
    AtomicBoolean over = new AtomicBoolean();
    Thread looking =
        new Thread(
            () -> {
              while (!over.get()) {
                assertThat(event.query()).isIn(true, false);
              }
            });
    looking.start();
    try {
      for (int round = 0; round < 20_000; round++) {
        byte[] content = bytes(40);
        cuda.put(buffer.address(), content);
        byte[] found = new byte[40];
        cuda.hold();
        stream.copy(List.of(new MemoryCopy(buffer, 0, host(found), 0, 40)));
        stream.recordEvent(event);
        cuda.release();
        assertThat(event.await(Duration.ofSeconds(10))).isTrue();
        assertThat(found).as("round " + round).isEqualTo(content);
      }
    } finally {
      over.set(true);
      looking.join(10_000);
    }
  }

  private interface Act {
    void on(Thread caller) throws Exception;
  }

  private static Throwable inThread(Runnable work, Act act) throws Exception {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread caller = new Thread(() -> thrown.set(catchThrowable(work::run)));
    caller.start();
    caller.join(100);
    act.on(caller);
    assertThat(caller.isAlive()).isFalse();
    return thrown.get();
  }
}
