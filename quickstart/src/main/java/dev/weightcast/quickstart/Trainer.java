package dev.weightcast.quickstart;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.TrainerWeightTransferEngine;
import dev.weightcast.api.TransferListener;
import dev.weightcast.api.TransferReport;
import dev.weightcast.api.UniqueId;
import dev.weightcast.api.WeightSource;
import dev.weightcast.api.WeightTransferConfig;
import dev.weightcast.core.WeightTransfer;

/** Rank 0: makes the group and sends. */
final class Trainer implements Rank {

  private final TrainerWeightTransferEngine<BroadcastInitInfo> engine;

  Trainer(String backend, TransferListener listener) {
    WeightTransfer transfer =
        WeightTransfer.builder()
            .backend(backend)
            .config(WeightTransferConfig.defaults().withListener(listener))
            .build();
    this.engine = transfer.broadcastTrainer();
  }

  TransferReport send(BroadcastInitInfo group, WeightSource source) {
    engine.initTransferEngine(group); // returns when all workers have joined
    return engine.sendWeights(source); // once a training step, for as long as the group lives
  }

  @Override
  public String name() {
    return "trainer";
  }

  UniqueId createUniqueId() {
    return engine.createUniqueId();
  }

  @Override
  public void close() {
    engine.close();
  }
}
