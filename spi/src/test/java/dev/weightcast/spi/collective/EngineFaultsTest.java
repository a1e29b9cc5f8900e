package dev.weightcast.spi.collective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.DataType;
import dev.weightcast.api.EngineState;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.Packing;
import dev.weightcast.api.ParallelConfig;
import dev.weightcast.api.Shape;
import dev.weightcast.api.SourceTensor;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TrainerWeightTransferEngine;
import dev.weightcast.api.TransferAbortedException;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferTimeoutException;
import dev.weightcast.api.WeightPass;
import dev.weightcast.api.WeightSource;
import dev.weightcast.api.WeightTransferConfig;
import dev.weightcast.api.WeightTransferEngine;
import dev.weightcast.api.WeightTransferException;
import dev.weightcast.spi.BackendContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/**
 * Engines on a device that runs when it is told to, and on a group that fails when it is told to.
 */
class EngineFaultsTest {

  private static final WeightTransferConfig CONFIG =
      WeightTransferConfig.defaults().withTimeout(Duration.ofSeconds(10));

  private final ManualRuntime runtime = new ManualRuntime();
  private final List<TensorSpec> specs = List.of(spec("a"), spec("b"), spec("c"));
  private final AtomicInteger released = new AtomicInteger();

  @Test
  void aSourceTensorIsNotReleasedWhileACopyOfABucketThatFailedHalfwayStillReadsIt() {
    ManualCommunicator group =
        new ManualCommunicator() {
          @Override
          void onBroadcast() {
            throw new WeightTransferException("rank 1 has left");
          }
        };
    try (var trainer = trainer(group)) {
      runtime.hold();
      assertThatThrownBy(() -> trainer.sendWeights(source(tensor -> tensor)))
          .isInstanceOf(TransferException.class)
          .hasMessageContaining("rank 1 has left");
      assertThat(released).as("the copy into the slot has not run").hasValue(0);
      runtime.letGo();
      trainer.initTransferEngine(info());
      assertThat(released).hasValue(1);
    }
  }

  @Test
  void aSlotOfALoaderThatThrewIsNotUsedAgainBeforeWhatItEnqueuedHasRun() {
    try (var worker =
        worker(new ManualCommunicator(), CONFIG.withTimeout(Duration.ofMillis(400)))) {
      worker.startWeightUpdate();
      runtime.hold();
      assertThatThrownBy(
              () ->
                  worker.receiveWeights(
                      BroadcastUpdateInfo.of(specs),
                      (weights, stream, deadline) -> {
                        stream.copy(List.of());
                        throw new IllegalStateException("no such layer");
                      }))
          .hasMessageContaining("no such layer");
      assertThatThrownBy(() -> worker.initTransferEngine(info()))
          .as("the loader's copy has not run")
          .isInstanceOf(TransferTimeoutException.class)
          .hasMessageContaining("rank 1 of 2 at nowhere:1 was in drain");
      runtime.letGo();
      worker.initTransferEngine(info());
      assertThat(worker.state()).isEqualTo(EngineState.READY);
    }
  }

  @Test
  void releasesThatThrowKeepNeitherTheOtherTensorsNorTheEngine() {
    UnaryOperator<SourceTensor> throwing =
        tensor ->
            tensor.withRelease(
                () -> {
                  throw new IllegalStateException("the pool is gone");
                });
    try (var trainer = trainer(new ManualCommunicator())) {
      assertThat(trainer.sendWeights(source(throwing)).tensors()).isEqualTo(3);
      assertThat(released).hasValue(3);
      assertThat(trainer.state()).isEqualTo(EngineState.READY);
    }
  }

  @Test
  void aSourceThatYieldsNullFailsTheSendAndNotTheEngine() {
    try (var trainer = trainer(new ManualCommunicator())) {
      assertThatThrownBy(() -> trainer.sendWeights(source(tensor -> null)))
          .isInstanceOf(TransferException.class)
          .hasMessageContaining("the source at 'a' uint8 [16]: it yielded null");
      assertThat(trainer.state()).isEqualTo(EngineState.FAILED);
      trainer.initTransferEngine(info());
      assertThat(trainer.sendWeights(source(tensor -> tensor)).tensors()).isEqualTo(3);
    }
  }

  @Test
  void anInterruptionThatComesTogetherWithCloseIsNotLost() {
    var worker = worker(new ManualCommunicator(), CONFIG);
    worker.startWeightUpdate();
    assertThatThrownBy(
            () ->
                worker.receiveWeights(
                    BroadcastUpdateInfo.of(specs),
                    (weights, stream, deadline) -> {
                      runtime.hold();
                      worker.close();
                      Thread.currentThread().interrupt();
                    }))
        .isInstanceOf(TransferAbortedException.class)
        .hasMessageContaining("the engine was closed by thread");
    assertThat(Thread.interrupted()).isTrue();
  }

  private TrainerWeightTransferEngine<BroadcastInitInfo> trainer(ManualCommunicator group) {
    var trainer =
        CollectiveEngines.trainer(
            "manual", group, runtime, new BackendContext(CONFIG, ParallelConfig.SINGLE));
    trainer.initTransferEngine(info());
    return trainer;
  }

  private WeightTransferEngine<BroadcastInitInfo, BroadcastUpdateInfo> worker(
      ManualCommunicator group, WeightTransferConfig config) {
    var worker =
        CollectiveEngines.worker(
            "manual", group, runtime, new BackendContext(config, ParallelConfig.SINGLE));
    worker.initTransferEngine(info());
    return worker;
  }

  private static BroadcastInitInfo info() {
    return BroadcastInitInfo.ofStore("nowhere", 1, 2)
        .withRankOffset(1)
        .withPacking(Packing.packed(10, 2));
  }

  private WeightSource source(UnaryOperator<SourceTensor> change) {
    List<SourceTensor> tensors = new ArrayList<>();
    for (TensorSpec spec : specs) {
      SourceTensor tensor = SourceTensor.of(Tensor.of(spec, HostMemory.allocate(spec.byteSize())));
      tensors.add(change.apply(tensor.withRelease(released::incrementAndGet)));
    }
    return new WeightSource() {
      @Override
      public List<TensorSpec> specs() {
        return specs;
      }

      @Override
      public WeightPass open() {
        return WeightPass.of(tensors.iterator());
      }
    };
  }

  private static TensorSpec spec(String name) {
    return new TensorSpec(name, DataType.UINT8, Shape.of(16));
  }
}
