package dev.weightcast.spi.collective;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.DataType;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.Packing;
import dev.weightcast.api.ParallelConfig;
import dev.weightcast.api.Shape;
import dev.weightcast.api.SourceTensor;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TrainerWeightTransferEngine;
import dev.weightcast.api.WeightPass;
import dev.weightcast.api.WeightSource;
import dev.weightcast.api.WeightTransferConfig;
import dev.weightcast.api.WeightTransferEngine;
import dev.weightcast.spi.BackendContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;

/**
 * Engines on a device that runs when it is told to, and on a group that fails when it is told to,
 * with three tensors to transfer and a count of those that were released.
 */
final class ManualEngines {

  static final WeightTransferConfig CONFIG =
      WeightTransferConfig.defaults().withTimeout(Duration.ofSeconds(10));

  final ManualRuntime runtime = new ManualRuntime();
  final List<TensorSpec> specs = List.of(spec("a"), spec("b"), spec("c"));
  final AtomicInteger released = new AtomicInteger();

  TrainerWeightTransferEngine<BroadcastInitInfo> trainer(ManualCommunicator group) {
    var trainer =
        CollectiveEngines.trainer(
            "manual", group, runtime, new BackendContext(CONFIG, ParallelConfig.SINGLE));
    trainer.initTransferEngine(info());
    return trainer;
  }

  WeightTransferEngine<BroadcastInitInfo, BroadcastUpdateInfo> worker(
      ManualCommunicator group, WeightTransferConfig config) {
    var worker =
        CollectiveEngines.worker(
            "manual", group, runtime, new BackendContext(config, ParallelConfig.SINGLE));
    worker.initTransferEngine(info());
    return worker;
  }

  static BroadcastInitInfo info() {
    return BroadcastInitInfo.ofStore("nowhere", 1, 2)
        .withRankOffset(1)
        .withPacking(Packing.packed(10, 2));
  }

  WeightSource source(UnaryOperator<SourceTensor> change) {
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
