package dev.weightcast.backend.loopback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.Device;
import dev.weightcast.api.DeviceEvent;
import dev.weightcast.api.DeviceException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** An event that is recorded again, as a source with one ready event for all its tensors does. */
class LoopbackEventTest {

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final LoopbackRuntime runtime = new LoopbackRuntime(new Device("loopback", 0));
  private final LoopbackStream producer = (LoopbackStream) runtime.createStream("producer");
  private final LoopbackStream other = (LoopbackStream) runtime.createStream("other");
  private final LoopbackStream consumer = (LoopbackStream) runtime.createStream("consumer");
  private final DeviceEvent ready = runtime.createEvent();
  private final CountDownLatch gate = new CountDownLatch(1);

  @AfterEach
  void close() {
    gate.countDown();
    runtime.close();
  }

  @Test
  void aStreamThatWaitsIsNotLetGoByALaterRecordingOnAnotherStream() throws Exception {
    AtomicBoolean written = new AtomicBoolean();
    AtomicBoolean readTooEarly = new AtomicBoolean();
    producer.enqueue(failure -> gate.await());
    producer.enqueue(failure -> written.set(true));
    producer.recordEvent(ready);
    consumer.waitEvent(ready);
    consumer.enqueue(failure -> readTooEarly.set(!written.get()));
    other.recordEvent(ready);
    assertThat(ready.await(PATIENCE)).as("the newer recording").isTrue();
    try (DeviceEvent read = runtime.createEvent()) {
      consumer.recordEvent(read);
      assertThat(read.await(Duration.ofMillis(50))).as("the older one is not done").isFalse();
      gate.countDown();
      assertThat(read.await(PATIENCE)).isTrue();
    }
    assertThat(readTooEarly).isFalse();
  }

  @Test
  void aFailureBeforeOneRecordingIsToldToWhoeverWaitsForThatOne() {
    producer.enqueue(
        failure -> {
          throw new DeviceException("the gather failed");
        });
    producer.recordEvent(ready);
    consumer.enqueue(failure -> gate.await());
    consumer.waitEvent(ready);
    producer.recordEvent(ready);
    producer.synchronize(Deadline.after(PATIENCE));
    gate.countDown();
    assertThatThrownBy(() -> consumer.synchronize(Deadline.after(PATIENCE)))
        .isInstanceOf(DeviceException.class)
        .hasMessageContaining("the gather failed");
  }

  @Test
  void aClosedStreamRefusesTheMarkAndLeavesTheEventDone() {
    producer.close();
    assertThatThrownBy(() -> producer.recordEvent(ready)).hasMessageContaining("is closed");
    assertThat(ready.query()).isTrue();
  }
}
