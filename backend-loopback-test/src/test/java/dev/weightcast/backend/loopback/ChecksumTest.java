package dev.weightcast.backend.loopback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.ChecksumMismatchException;
import dev.weightcast.api.CopyingWeightLoader;
import dev.weightcast.api.DataType;
import dev.weightcast.api.EngineState;
import dev.weightcast.api.Packing;
import dev.weightcast.api.ParallelConfig;
import dev.weightcast.api.RankFailedException;
import dev.weightcast.api.Shape;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TransferMismatchException;
import dev.weightcast.api.TransferPhase;
import dev.weightcast.api.WeightSource;
import dev.weightcast.api.WeightTransferConfig;
import dev.weightcast.spi.BackendContext;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Wrong bytes on the way are found before a worker says that it has everything. */
class ChecksumTest {

  private static final WeightTransferConfig CHECKED =
      WeightTransferConfig.defaults().withChecksums(true);

  private final List<TensorSpec> specs =
      List.of(spec("a"), spec("b"), spec("c"), spec("d"), spec("e"));
  private final List<Tensor> weights = RandomModel.filled(specs, new Random(1));
  private final List<Tensor> held = RandomModel.blank(specs);

  private Future<Object> receive(Fleet fleet) {
    return fleet.start(
        () -> {
          var engine = fleet.workers.get(0);
          engine.startWeightUpdate();
          Object report =
              engine.receiveWeights(BroadcastUpdateInfo.of(specs), CopyingWeightLoader.into(held));
          engine.finishWeightUpdate();
          return report;
        });
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aFlippedBitIsToldByBucketAndTensorsAndTheTrainerHearsIt(boolean packed) throws Exception {
    Packing packing = new Packing(packed, 100, 2); // packed: two tensors a bucket
    try (Fleet fleet = new Fleet(1, CHECKED, info -> info.withPacking(packing));
        FaultInjection faults = FaultPlan.builder().corrupt(1, 2).build().injectAt(fleet.info)) {
      fleet.join();
      Future<Object> received = receive(fleet);
      assertThatThrownBy(() -> fleet.trainer.sendWeights(WeightSource.of(weights)))
          .isInstanceOf(RankFailedException.class)
          .hasMessageContaining("its checksums differ");
      ChecksumMismatchException e =
          catchThrowableOfType(ChecksumMismatchException.class, () -> Fleet.result(received));
      assertThat(e.bucket()).isEqualTo(2);
      assertThat(e.tensors()).isEqualTo(packed ? List.of("c", "d") : List.of("b"));
      assertThat(e.phase()).isEqualTo(TransferPhase.ACKNOWLEDGEMENT);
      assertThat(e)
          .hasMessageStartingWith(
              "receiveWeights failed: bucket 2 of "
                  + (packed ? 3 : 5)
                  + " did not arrive as it was sent, its checksums differ; in it are "
                  + (packed ? "c, d" : "b")
                  + ". They have been handed to the loader: the weights are mixed");
      assertThat(fleet.workers.get(0).weightStatus().isMixed()).isTrue();
      assertThat(faults.notInjected()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void rightBytesPassRoundAfterRound(boolean packed) throws Exception {
    Packing packing = new Packing(packed, 100, 2);
    try (Fleet fleet = Fleet.joined(1, CHECKED, info -> info.withPacking(packing))) {
      for (int round = 0; round < 3; round++) {
        Future<Object> received = receive(fleet);
        fleet.trainer.sendWeights(WeightSource.of(weights));
        Fleet.result(received);
      }
      assertThat(fleet.workers.get(0).state()).isEqualTo(EngineState.READY);
      assertThat(ExplorerVerdict.firstDifference(weights, held)).isEmpty();
    }
  }

  @Test
  void oneRankThatChecksAndOneThatDoesNotAreTold() throws Exception {
    try (Fleet fleet = new Fleet(1, CHECKED, UnaryOperator.identity())) {
      fleet.workers.get(0).close();
      fleet.workers.set(
          0,
          new LoopbackProvider()
              .worker(
                  new BackendContext(
                      WeightTransferConfig.defaults(), new ParallelConfig(0, 1, 1, 0))));
      fleet.join();
      Future<Object> received = receive(fleet);
      assertThatThrownBy(() -> fleet.trainer.sendWeights(WeightSource.of(weights)))
          .isInstanceOf(TransferMismatchException.class)
          .hasMessageContaining("checksums is true at rank 0 and false at rank 1");
      assertThatThrownBy(() -> Fleet.result(received))
          .isInstanceOf(TransferMismatchException.class);
    }
  }

  @Test
  void ranksWithoutAChannelTransferUnchecked() throws Exception {
    try (Fleet fleet = Fleet.withoutChannel(1, CHECKED, UnaryOperator.identity())) {
      Future<Object> received = receive(fleet);
      fleet.trainer.sendWeights(WeightSource.of(weights));
      Fleet.result(received);
      assertThat(ExplorerVerdict.firstDifference(weights, held)).isEmpty();
    }
  }

  private static TensorSpec spec(String name) {
    return new TensorSpec(name, DataType.UINT8, Shape.of(80));
  }
}
