package dev.weightcast.backend.nccl;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.CopyingWeightLoader;
import dev.weightcast.api.TrainerWeightTransferEngine;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.WeightSource;
import dev.weightcast.api.WeightTransferEngine;
import dev.weightcast.core.WeightTransfer;
import java.util.Locale;

/**
 * A worker that joins and then does not take part: the trainer has to come back with its deadline,
 * and the same two engines have to work in a new group afterwards.
 */
final class LiveRecovery {

  private final LiveArguments arguments;
  private final WeightTransfer transfer;

  LiveRecovery(LiveArguments arguments, WeightTransfer transfer) {
    this.arguments = arguments;
    this.transfer = transfer;
  }

  /** Gives the number of wrong bytes. */
  long run() {
    return arguments.isTrainer() ? train() : work();
  }

  private long train() {
    try (TrainerWeightTransferEngine<BroadcastInitInfo> engine = transfer.broadcastTrainer();
        LiveModel model = new LiveModel(engine.deviceContext(), arguments.specs())) {
      model.fill();
      WeightSource source = WeightSource.of(model.tensors());
      engine.initTransferEngine(arguments.group("first", engine::createUniqueId));
      engine.sendWeights(source);
      arguments.barrier("sent");
      long start = System.nanoTime();
      try {
        engine.sendWeights(source);
        throw new IllegalStateException("nobody took part, and it was sent");
      } catch (TransferException e) {
        tell("failed as it should: " + e.getMessage(), start);
      }
      arguments.barrier("failed");
      start = System.nanoTime();
      engine.initTransferEngine(arguments.group("second", engine::createUniqueId));
      tell("initialised again", start);
      tell("sent " + engine.sendWeights(source).bytes() + " bytes", start);
      return 0;
    }
  }

  private long work() {
    try (WeightTransferEngine<BroadcastInitInfo, BroadcastUpdateInfo> engine =
            transfer.broadcastWorker();
        LiveModel model = new LiveModel(engine.deviceContext(), arguments.specs())) {
      engine.initTransferEngine(arguments.group("first", () -> null));
      receive(engine, model);
      arguments.barrier("sent");
      arguments.barrier("failed");
      engine.initTransferEngine(arguments.group("second", () -> null));
      model.clear();
      receive(engine, model);
      long wrong = model.differences();
      tell(wrong == 0 ? "all bytes equal" : wrong + " WRONG", System.nanoTime());
      return wrong;
    }
  }

  private void receive(
      WeightTransferEngine<BroadcastInitInfo, BroadcastUpdateInfo> engine, LiveModel model) {
    engine.startWeightUpdate();
    engine.receiveWeights(
        BroadcastUpdateInfo.of(arguments.specs()), CopyingWeightLoader.into(model.tensors()));
    engine.finishWeightUpdate();
  }

  private void tell(String what, long start) {
    System.out.printf(
        Locale.ROOT,
        "RAW|recovery|%s|%.2f s|%s%n",
        arguments.text("role", ""),
        (System.nanoTime() - start) / 1e9,
        what);
  }
}
