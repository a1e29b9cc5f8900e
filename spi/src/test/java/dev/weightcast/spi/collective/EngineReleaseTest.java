package dev.weightcast.spi.collective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.EngineState;
import dev.weightcast.api.SourceTensor;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferTimeoutException;
import dev.weightcast.api.WeightPass;
import dev.weightcast.api.WeightSource;
import dev.weightcast.api.WeightTransferException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** What the device still reads or writes is neither released nor used again before it has. */
class EngineReleaseTest {

  private final ManualEngines engines = new ManualEngines();

  @Test
  void aSourceTensorIsNotReleasedWhileACopyOfABucketThatFailedHalfwayStillReadsIt() {
    ManualCommunicator group =
        new ManualCommunicator() {
          @Override
          void onBroadcast() {
            throw new WeightTransferException("rank 1 has left");
          }
        };
    try (var trainer = engines.trainer(group)) {
      engines.runtime.hold();
      assertThatThrownBy(() -> trainer.sendWeights(engines.source(tensor -> tensor)))
          .isInstanceOf(TransferException.class)
          .hasMessageContaining("rank 1 has left");
      assertThat(engines.released).as("the copy into the slot has not run").hasValue(0);
      engines.runtime.letGo();
      trainer.initTransferEngine(ManualEngines.info());
      assertThat(engines.released).hasValue(1);
    }
  }

  @Test
  void aPassIsNotClosedWhileACopyStillReadsWhatItYielded() {
    ManualCommunicator group =
        new ManualCommunicator() {
          @Override
          void onBroadcast() {
            throw new WeightTransferException("rank 1 has left");
          }
        };
    List<String> order = new ArrayList<>();
    WeightSource tensors =
        engines.source(tensor -> tensor.withRelease(() -> order.add("released")));
    WeightSource mapped =
        new WeightSource() {
          @Override
          public List<TensorSpec> specs() {
            return tensors.specs();
          }

          @Override
          public WeightPass open() {
            WeightPass pass = tensors.open();
            return new WeightPass() {
              @Override
              public boolean hasNext() {
                return pass.hasNext();
              }

              @Override
              public SourceTensor next() {
                return pass.next();
              }

              @Override
              public void close() {
                order.add("closed");
              }
            };
          }
        };
    try (var trainer = engines.trainer(group)) {
      engines.runtime.hold();
      assertThatThrownBy(() -> trainer.sendWeights(mapped)).hasMessageContaining("rank 1 has left");
      assertThat(order).as("the copy into the slot has not run").isEmpty();
      engines.runtime.letGo();
    }
    assertThat(order).containsExactly("released", "closed");
  }

  @Test
  void aSlotOfALoaderThatThrewIsNotUsedAgainBeforeWhatItEnqueuedHasRun() {
    try (var worker =
        engines.worker(
            new ManualCommunicator(), ManualEngines.CONFIG.withTimeout(Duration.ofSeconds(3)))) {
      worker.startWeightUpdate();
      engines.runtime.hold();
      assertThatThrownBy(
              () ->
                  worker.receiveWeights(
                      BroadcastUpdateInfo.of(engines.specs),
                      (weights, stream, deadline) -> {
                        stream.copy(List.of());
                        throw new IllegalStateException("no such layer");
                      }))
          .hasMessageContaining("no such layer");
      assertThatThrownBy(() -> worker.initTransferEngine(ManualEngines.info()))
          .as("the loader's copy has not run")
          .isInstanceOf(TransferTimeoutException.class)
          .hasMessageContaining("rank 1 of 2 at nowhere:1 was in drain");
      engines.runtime.letGo();
      worker.initTransferEngine(ManualEngines.info());
      assertThat(worker.state()).isEqualTo(EngineState.READY);
    }
  }

  @Test
  void closeOnAnInterruptedThreadWaitsForWhatStillReadsAllTheSame() throws Exception {
    List<Boolean> holdingAtRelease = new CopyOnWriteArrayList<>();
    ManualCommunicator group =
        new ManualCommunicator() {
          @Override
          void onBroadcast() {
            throw new WeightTransferException("rank 1 has left");
          }
        };
    var trainer = engines.trainer(group);
    engines.runtime.hold();
    assertThatThrownBy(
            () ->
                trainer.sendWeights(
                    engines.source(
                        tensor ->
                            tensor.withRelease(
                                () -> holdingAtRelease.add(engines.runtime.isHolding())))))
        .hasMessageContaining("rank 1 has left");
    Thread.currentThread().interrupt();
    Thread device =
        new Thread(
            () -> {
              while (trainer.state() != EngineState.CLOSED) {
                Thread.onSpinWait();
              }
              LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
              engines.runtime.letGo();
            });
    device.start();
    trainer.close();
    assertThat(Thread.interrupted()).isTrue();
    device.join();
    assertThat(holdingAtRelease).containsExactly(false);
  }
}
