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
import dev.weightcast.api.MemoryCopy;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Bytes that cannot be written where they belong: who is told, and how often. */
class LandingTest {

  private final FakeCuda cuda = new FakeCuda();
  private final CudaRuntime runtime = CudaRuntime.open(cuda, Device.cuda(0), 1, 64);
  private final CudaStream stream = (CudaStream) runtime.createStream("s");

  private Landing thatFails() {
    Landing landing = new Landing(runtime.staging().take());
    landing.add(0, HostMemory.allocate(4), 10, 4); // behind the end
    return landing;
  }

  @Test
  void whoeverWaitsForTheBytesIsToldEachTime() {
    Landing landing = thatFails();
    assertThat(landing.isOver()).isFalse();
    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(landing::finish)
          .isInstanceOf(DeviceException.class)
          .hasMessageContaining("could not be written");
    }
    assertThat(landing.isOver()).isTrue();
  }

  @Test
  void whoeverNeedsTheBlockIsNotToldAndTheNextEventIs() {
    Landing landing = thatFails();
    landing.block().expect(landing);
    stream.expect(landing);
    landing.block().idle().record(stream.handle(), List.of());
    runtime.staging().giveBack(landing.block());
    // Somebody else's copy gets the only block.
    DeviceBuffer buffer = runtime.allocate("b", 8);
    runtime
        .createStream("else")
        .copy(List.of(new MemoryCopy(HostMemory.allocate(8), 0, buffer, 0, 8)));
    DeviceEvent event = runtime.createEvent();
    stream.recordEvent(event);
    assertThatThrownBy(event::query).isInstanceOf(DeviceException.class);
    assertThatThrownBy(event::query).isInstanceOf(DeviceException.class);
    stream.recordEvent(event);
    assertThat(event.query()).as("it was told: the stream goes on").isTrue();
  }

  @Test
  void aStreamThatIsSynchronizedSaysSo() {
    Landing landing = thatFails();
    stream.expect(landing);
    DeviceStream waiting = stream;
    assertThatThrownBy(() -> waiting.synchronize(Deadline.after(Duration.ofSeconds(10))))
        .isInstanceOf(DeviceException.class);
  }
}
