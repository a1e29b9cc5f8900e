package dev.weightcast.backend.loopback;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.CopyingWeightLoader;
import dev.weightcast.api.DataType;
import dev.weightcast.api.EngineState;
import dev.weightcast.api.Packing;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TransferReport;
import dev.weightcast.api.WeightSource;
import dev.weightcast.api.WeightTransferConfig;
import dev.weightcast.api.WeightTransferEngine;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every byte arrives, whatever the packing, the number of buffers and the number of workers. */
class TransferMatrixTest {

  private static final List<DataType> ALL = Arrays.asList(DataType.values());
  private static final List<DataType> NCCL_TYPES =
      ALL.stream().filter(type -> type.ncclType().isPresent()).toList();

  record Case(boolean packed, long bufferSize, int numBuffers, int workers, long seed) {}

  static Stream<Case> cases() {
    List<Case> cases = new ArrayList<>();
    Random seeds = new Random(42);
    for (int numBuffers = 1; numBuffers <= 4; numBuffers++) {
      for (long size : new long[] {1, 100, 1000, 5000, 1 << 20}) {
        cases.add(new Case(true, size, numBuffers, 1 + seeds.nextInt(8), seeds.nextLong()));
      }
      cases.add(new Case(false, 1, numBuffers, 1 + seeds.nextInt(8), seeds.nextLong()));
    }
    for (int workers = 1; workers <= 8; workers++) {
      cases.add(new Case(workers % 2 == 0, 700, 2, workers, seeds.nextLong()));
    }
    return cases.stream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void everyWorkerHoldsTheTrainersBytesAfterEachOfThreeRounds(Case each) throws Exception {
    Random random = new Random(each.seed);
    List<TensorSpec> specs =
        RandomModel.specs(random, 1 + random.nextInt(60), each.packed ? ALL : NCCL_TYPES);
    Packing packing = new Packing(each.packed, each.bufferSize, each.numBuffers);
    try (Fleet fleet =
        Fleet.joined(
            each.workers, WeightTransferConfig.defaults(), info -> info.withPacking(packing))) {
      for (int round = 0; round < 3; round++) {
        List<Tensor> weights = RandomModel.filled(specs, random);
        Future<TransferReport> sent =
            fleet.start(() -> fleet.trainer.sendWeights(WeightSource.of(weights)));
        List<Future<List<Tensor>>> received = new ArrayList<>();
        for (var worker : fleet.workers) {
          received.add(fleet.start(() -> receive(worker, specs)));
        }
        assertThat(Fleet.result(sent).tensors()).isEqualTo(specs.size());
        for (Future<List<Tensor>> each2 : received) {
          List<Tensor> held = Fleet.result(each2);
          for (int i = 0; i < weights.size(); i++) {
            assertThat(RandomModel.bytes(held.get(i)))
                .as("%s of %s", specs.get(i), each)
                .isEqualTo(RandomModel.bytes(weights.get(i)));
          }
        }
      }
      assertThat(fleet.trainer.state()).isEqualTo(EngineState.READY);
    }
  }

  private static List<Tensor> receive(
      WeightTransferEngine<?, BroadcastUpdateInfo> worker, List<TensorSpec> specs) {
    List<Tensor> held = RandomModel.blank(specs);
    CopyingWeightLoader loader = CopyingWeightLoader.into(held);
    worker.startWeightUpdate();
    worker.receiveWeights(BroadcastUpdateInfo.of(specs), loader);
    worker.finishWeightUpdate();
    assertThat(loader.missing()).isEmpty();
    return held;
  }
}
