package dev.weightcast.backend.nccl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.Device;
import dev.weightcast.api.DeviceBuffer;
import dev.weightcast.api.DeviceEvent;
import dev.weightcast.api.DeviceException;
import dev.weightcast.api.DeviceStream;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.MemoryCopy;
import dev.weightcast.api.OutOfDeviceMemoryException;
import dev.weightcast.api.TransferTimeoutException;
import dev.weightcast.spi.collective.DeviceAccount;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class CudaRuntimeTest {

  private final FakeCuda cuda = new FakeCuda();

  private CudaRuntime open() {
    return CudaRuntime.open(cuda, Device.cuda(1), 2, 64);
  }

  @Test
  void whatIsClosedIsGivenBackAndOffTheAccount() {
    CudaRuntime runtime = open();
    DeviceBuffer buffer = runtime.allocate("ring slot 0", 1000);
    DeviceStream stream = runtime.createStream("ring slot 0");
    DeviceEvent event = runtime.createEvent();
    assertThat(runtime.account())
        .hasToString("buffer 'ring slot 0' (1000 bytes), stream 'ring slot 0', event 'event 1'");
    event.close();
    event.close();
    stream.close();
    buffer.close();
    buffer.close();
    assertThat(runtime.account().isEmpty()).isTrue();
    assertThat(runtime.closeAndReport()).isEqualTo(DeviceAccount.EMPTY);
    assertThat(cuda.open()).isZero();
  }

  @Test
  void closingReportsWhatWasLeftOpenAndGivesItBack() {
    CudaRuntime runtime = open();
    runtime.allocate("forgotten", 10);
    runtime.createStream("forgotten too");
    assertThat(runtime.closeAndReport())
        .hasToString("buffer 'forgotten' (10 bytes), stream 'forgotten too'");
    assertThat(runtime.closeAndReport().isEmpty()).isTrue();
    assertThat(cuda.open()).isZero();
    assertThatThrownBy(() -> runtime.allocate("late", 1))
        .isInstanceOf(DeviceException.class)
        .hasMessageContainingAll("late", "cuda:1 is closed");
  }

  @Test
  void emptyMemoryNeedsNoDevice() {
    try (CudaRuntime runtime = open();
        DeviceBuffer buffer = runtime.allocate("nothing", 0)) {
      assertThat(buffer.byteSize()).isZero();
      assertThat(cuda.calls()).doesNotContain("cudaMalloc");
    }
  }

  @Test
  void aFullDeviceSaysWhatWasAskedAndWhatIsFree() {
    try (CudaRuntime runtime = open();
        DeviceBuffer small = runtime.allocate("small", 100)) {
      assertThat(small.address() % 256).isZero();
      cuda.fail("cudaMalloc", CudaLibrary.OUT_OF_MEMORY);
      assertThatThrownBy(() -> runtime.allocate("ring slot 1", 1 << 20))
          .isInstanceOfSatisfying(
              OutOfDeviceMemoryException.class,
              e -> assertThat(e.requestedBytes()).isEqualTo(1 << 20))
          .hasMessageContainingAll(
              "1048576 bytes for 'ring slot 1'",
              "cuda:1",
              "out of memory",
              "1073741724 of 1073741824 bytes are free",
              "this engine holds 100");
      assertThat(cuda.calls()).contains("cudaGetLastError");
    }
  }

  @Test
  void aFailureSaysCallDeviceNameAndText() {
    try (CudaRuntime runtime = open();
        DeviceEvent event = runtime.createEvent()) {
      cuda.fail("cudaEventQuery", 719);
      assertThatThrownBy(event::query)
          .isInstanceOf(DeviceException.class)
          .hasMessage("cudaEventQuery failed on cuda:1: cudaErrorLaunchFailure (719): text of 719");
    }
  }

  @Test
  void onlyCudaDevicesThatAreThereWillDo() {
    assertThatThrownBy(() -> CudaRuntime.open(cuda, Device.CPU))
        .isInstanceOf(InvalidInfoException.class)
        .hasMessageContaining("not on cpu");
    assertThatThrownBy(() -> CudaRuntime.open(cuda, Device.cuda(2)))
        .isInstanceOf(DeviceException.class)
        .hasMessageContainingAll("no cuda:2", "CUDA sees 2 device(s)");
  }

  @Test
  void anEventIsAwaitedForAsLongAsAsked() throws Exception {
    try (CudaRuntime runtime = open();
        DeviceStream stream = runtime.createStream("s");
        DeviceEvent event = runtime.createEvent()) {
      assertThat(event.query()).as("never recorded").isTrue();
      cuda.hold();
      stream.recordEvent(event);
      assertThat(event.query()).isFalse();
      assertThat(event.await(Duration.ofMillis(5))).isFalse();
      assertThatThrownBy(() -> stream.synchronize(Deadline.after(Duration.ofMillis(20))))
          .isInstanceOf(TransferTimeoutException.class);
      cuda.release();
      assertThat(event.await(Duration.ofMillis(5))).isTrue();
      stream.synchronize(Deadline.after(Duration.ofSeconds(5)));
      Thread.currentThread().interrupt();
      cuda.hold();
      stream.recordEvent(event);
      assertThatThrownBy(() -> event.await(Duration.ofSeconds(5)))
          .isInstanceOf(InterruptedException.class);
      cuda.release();
    }
    assertThat(cuda.open()).isZero();
  }

  @Test
  void whatSomebodyElseOwnsIsLeftAlone() {
    CudaRuntime runtime = open();
    long[] stream = new long[1];
    long[] event = new long[1];
    assertThat(cuda.createStream(1, stream) + cuda.createEvent(1, event)).isZero();
    DeviceStream wrapped = runtime.wrapStream(stream[0]);
    DeviceEvent mark = runtime.wrapEvent(event[0]);
    wrapped.recordEvent(mark);
    assertThat(mark.query()).isTrue();
    wrapped.close();
    mark.close();
    assertThat(runtime.closeAndReport().isEmpty()).isTrue();
    assertThat(cuda.open()).isEqualTo(2);
    cuda.fail("cudaStreamQuery", 400);
    CudaRuntime second = open();
    assertThatThrownBy(() -> second.wrapStream(12345)).isInstanceOf(DeviceException.class);
    assertThatThrownBy(() -> second.wrapEvent(0)).isInstanceOf(DeviceException.class);
    second.close();
  }

  @Test
  void whatCannotBeGivenBackIsLoggedAndClosingGoesOn() {
    CudaRuntime runtime = open();
    DeviceBuffer buffer = runtime.allocate("b", 8);
    cuda.fail("cudaFree", 719);
    buffer.close();
    assertThat(runtime.account().isEmpty()).isTrue();
    runtime.close();
  }

  @Test
  void pinnedMemoryIsKeptUntilStreamsOfOthersAreDoneWithIt() throws Exception {
    FakeCuda device = new FakeCuda();
    CudaRuntime closing = CudaRuntime.open(device, Device.cuda(0), 2, 64);
    DeviceStream others = closing.wrapStream(0x77);
    DeviceBuffer buffer = closing.allocate("b", 8);
    device.hold();
    others.copy(List.of(new MemoryCopy(HostMemory.allocate(8), 0, buffer, 0, 8)));
    Thread closer = new Thread(closing::close);
    closer.start();
    closer.join(300);
    assertThat(device.calls()).doesNotContain("cudaFreeHost", "cudaFree");
    device.release();
    closer.join(10_000);
    assertThat(closer.isAlive()).isFalse();
    assertThat(device.open()).isZero();
  }

  @Test
  void memoryThatCudaDoesNotTakeBackHoldsNobodyUp() throws Exception {
    FakeCuda device = new FakeCuda();
    try (CudaRuntime other = CudaRuntime.open(device, Device.cuda(0), 2, 64)) {
      DeviceBuffer buffer = other.allocate("b", 8);
      device.freeMayReturn = new CountDownLatch(1);
      Thread closer = new Thread(buffer::close);
      closer.start();
      closer.join(200);
      assertThat(closer.isAlive()).as("it waits a while").isTrue();
      closer.interrupt();
      closer.join(5_000);
      assertThat(closer.isAlive()).as("it does not wait when interrupted").isFalse();
      DeviceBuffer second = other.allocate("c", 8);
      Thread patient = new Thread(second::close);
      patient.start();
      patient.join(10_000);
      assertThat(patient.isAlive()).as("it does not wait for ever").isFalse();
      assertThat(other.account().isEmpty()).isTrue();
      assertThat(device.open()).isEqualTo(2);
      device.freeMayReturn.countDown();
      for (int i = 0; device.open() > 0 && i < 1_000; i++) {
        Thread.sleep(10);
      }
      assertThat(device.open()).isZero();
    }
  }
}
