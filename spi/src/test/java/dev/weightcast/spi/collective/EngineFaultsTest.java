package dev.weightcast.spi.collective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.DataType;
import dev.weightcast.api.EngineState;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.Shape;
import dev.weightcast.api.SourceTensor;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorMapping;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.WeightPass;
import dev.weightcast.api.WeightSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sources and loaders that fail, and what the other ranks hear of it. */
class EngineFaultsTest {

  private final ManualEngines engines = new ManualEngines();

  @Test
  void aSourceThatYieldsNullFailsTheSendAndNotTheEngine() {
    try (var trainer = engines.trainer(new ManualCommunicator())) {
      assertThatThrownBy(() -> trainer.sendWeights(engines.source(tensor -> null)))
          .isInstanceOf(TransferException.class)
          .hasMessageContaining("the source at 'a' uint8 [16]: it yielded null");
      assertThat(trainer.state()).isEqualTo(EngineState.FAILED);
      trainer.initTransferEngine(ManualEngines.info());
      assertThat(trainer.sendWeights(engines.source(tensor -> tensor)).tensors()).isEqualTo(3);
    }
  }

  @Test
  void aSourceThatCannotBeOpenedIsNamedAsTheSource() {
    WeightSource broken =
        new WeightSource() {
          @Override
          public List<TensorSpec> specs() {
            return engines.specs;
          }

          @Override
          public WeightPass open() {
            throw new IllegalStateException();
          }
        };
    try (var trainer = engines.trainer(new ManualCommunicator())) {
      assertThatThrownBy(() -> trainer.sendWeights(broken))
          .isInstanceOf(TransferException.class)
          .hasMessageContaining("the source: java.lang.IllegalStateException");
    }
  }

  @Test
  void theOtherRanksAreToldWhatFailedInTheSource() {
    ManualCommunicator group = new ManualCommunicator();
    WeightSource broken =
        engines
            .source(tensor -> tensor)
            .map(
                new TensorMapping() {
                  @Override
                  public TensorSpec mapSpec(TensorSpec spec) {
                    return spec;
                  }

                  @Override
                  public SourceTensor mapTensor(SourceTensor tensor) {
                    throw new IllegalStateException("shard lost");
                  }
                });
    try (var trainer = engines.trainer(group)) {
      assertThatThrownBy(() -> trainer.sendWeights(broken)).hasMessageContaining("shard lost");
      assertThat(group.abortReasons().get(0)).contains("the source at 'a' uint8 [16]: shard lost");
    }
  }

  @Test
  void aCheckedExceptionThatTheCompilerDidNotSeeIsAFailureToo() {
    try (var worker = engines.worker(new ManualCommunicator(), ManualEngines.CONFIG)) {
      worker.startWeightUpdate();
      assertThatThrownBy(
              () ->
                  worker.receiveWeights(
                      BroadcastUpdateInfo.of(engines.specs),
                      (weights, stream, deadline) -> sneak(new IOException("disk full"))))
          .isInstanceOf(TransferException.class)
          .hasMessageContaining("the loader: disk full");
      assertThat(worker.state()).isEqualTo(EngineState.FAILED);
    }
  }

  @SuppressWarnings("unchecked") // the cast is what makes the compiler look away
  private static <E extends Exception> void sneak(Exception e) throws E {
    throw (E) e;
  }

  @Test
  void releasesThatThrowKeepNeitherTheOtherTensorsNorTheEngine() {
    UnaryOperator<SourceTensor> throwing =
        tensor ->
            tensor.withRelease(
                () -> {
                  throw new IllegalStateException("the pool is gone");
                });
    try (var trainer = engines.trainer(new ManualCommunicator())) {
      assertThat(trainer.sendWeights(engines.source(throwing)).tensors()).isEqualTo(3);
      assertThat(engines.released).hasValue(3);
      assertThat(trainer.state()).isEqualTo(EngineState.READY);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"buffer", "stream", "event"})
  void aWarmUpThatIsHalfMadeLeavesNothingOpen(String kind) {
    engines.runtime.refuse(kind);
    assertThatThrownBy(() -> engines.trainer(new ManualCommunicator()))
        .hasMessageContaining("no more " + kind);
    assertThat(engines.runtime.account()).hasToString("nothing");
  }

  @Test
  void anUpdateOfEmptyTensorsAloneNeedsNoBytesToBeReceivedAndSent() {
    List<TensorSpec> empty = List.of(new TensorSpec("e", DataType.FLOAT32, Shape.of(0, 4)));
    List<String> loaded = new ArrayList<>();
    try (var worker = engines.worker(new ManualCommunicator(), ManualEngines.CONFIG);
        var trainer = engines.trainer(new ManualCommunicator())) {
      worker.startWeightUpdate();
      worker.receiveWeights(
          BroadcastUpdateInfo.of(empty),
          (weights, stream, deadline) -> weights.forEach(each -> loaded.add(each.name())));
      Tensor tensor = Tensor.of(empty.get(0), HostMemory.allocate(0));
      assertThat(trainer.sendWeights(WeightSource.of(List.of(tensor))).tensors()).isOne();
    }
    assertThat(loaded).containsExactly("e");
  }
}
