package dev.weightcast.spi.collective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.Deadline;
import dev.weightcast.api.TransferAbortedException;
import dev.weightcast.api.TransferPhase;
import dev.weightcast.api.TransferTimeoutException;
import dev.weightcast.api.WeightLoader;
import dev.weightcast.api.WeightTransferConfig;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Waits that an interruption, a close, or only the watchdog ends. */
class EngineWaitsTest {

  private final ManualEngines engines = new ManualEngines();

  @Test
  void anInterruptionThatComesTogetherWithCloseIsNotLost() {
    var worker = engines.worker(new ManualCommunicator(), ManualEngines.CONFIG);
    worker.startWeightUpdate();
    assertThatThrownBy(
            () ->
                worker.receiveWeights(
                    BroadcastUpdateInfo.of(engines.specs),
                    (weights, stream, deadline) -> {
                      Thread.currentThread().interrupt();
                      worker.close();
                    }))
        .isInstanceOf(TransferAbortedException.class)
        .hasMessageContaining("the engine was closed by thread");
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void aJoinThatOnlyTheWatchdogEndsIsATimeout() {
    CountDownLatch never = new CountDownLatch(1);
    ManualCommunicator group =
        new ManualCommunicator() {
          @Override
          public Communicator join(ProcessGroup joining, DeviceRuntime device, Deadline deadline) {
            try {
              never.await();
              throw new AssertionError("nobody counts down");
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
              throw new TransferAbortedException(
                  "interrupted while joining", TransferPhase.RENDEZVOUS, 0, 0, e);
            }
          }
        };
    assertThatThrownBy(
            () -> engines.worker(group, ManualEngines.CONFIG.withTimeout(Duration.ofMillis(50))))
        .isInstanceOf(TransferTimeoutException.class)
        .hasMessageContaining("did not end within PT0.05S")
        .hasMessageContaining("interrupted while joining");
    assertThat(Thread.interrupted()).as("the interruption was the watchdog's").isFalse();
  }

  @Test
  void anInterruptionWhileALoaderWaitsForItsStreamIsToldAsOne() {
    WeightLoader loader =
        (weights, stream, deadline) -> {
          engines.runtime.hold();
          Thread.currentThread().interrupt();
          stream.synchronize(deadline);
        };
    assertThatThrownBy(() -> receive(ManualEngines.CONFIG, loader))
        .isInstanceOf(TransferAbortedException.class)
        .hasMessageContaining("the loader: interrupted while waiting for a device stream")
        .hasMessageContaining("rank 1 of 2 at nowhere:1 was in bucket 1 of 3");
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void aLoaderThatWaitsPastTheDeadlineNamesTheMissingRanks() {
    WeightLoader loader =
        (weights, stream, deadline) -> {
          engines.runtime.hold();
          stream.synchronize(deadline);
        };
    TransferTimeoutException e =
        catchThrowableOfType(
            TransferTimeoutException.class,
            () -> receive(ManualEngines.CONFIG.withTimeout(Duration.ofMillis(50)), loader));
    assertThat(e.missingRanks()).containsExactly(1);
  }

  private void receive(WeightTransferConfig config, WeightLoader loader) {
    var worker = engines.worker(new ManualCommunicator(), config);
    worker.startWeightUpdate();
    worker.receiveWeights(BroadcastUpdateInfo.of(engines.specs), loader);
  }
}
