package dev.weightcast.quickstart;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.CopyingWeightLoader;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TransferReport;
import dev.weightcast.api.WeightTransferEngine;
import dev.weightcast.core.WeightTransfer;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Any other rank: lets the weights into memory of its own, where its model would be. */
final class Worker implements Rank {

  private final int rank;
  private final WeightTransferEngine<BroadcastInitInfo, BroadcastUpdateInfo> engine;
  private final List<Tensor> weights;
  private @Nullable TransferReport report;

  Worker(String backend, int rank, List<TensorSpec> specs) {
    this.rank = rank;
    this.weights =
        specs.stream().map(spec -> Tensor.of(spec, HostMemory.allocate(spec.byteSize()))).toList();
    this.engine = WeightTransfer.builder().backend(backend).build().broadcastWorker();
  }

  TransferReport receive(BroadcastInitInfo group, BroadcastUpdateInfo update) {
    engine.initTransferEngine(group.withRankOffset(rank)); // while the trainer joins
    engine.startWeightUpdate();
    report = engine.receiveWeights(update, CopyingWeightLoader.into(weights));
    engine.finishWeightUpdate();
    return report;
  }

  @Override
  public String name() {
    return "worker " + rank;
  }

  int rank() {
    return rank;
  }

  /** The model: what this worker would infer with. */
  List<Tensor> weights() {
    return weights;
  }

  TransferReport report() {
    return Objects.requireNonNull(report, "nothing was received");
  }

  @Override
  public void close() {
    engine.close();
  }
}
