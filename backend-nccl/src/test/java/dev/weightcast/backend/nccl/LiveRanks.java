package dev.weightcast.backend.nccl;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.CopyingWeightLoader;
import dev.weightcast.api.Packing;
import dev.weightcast.api.SendOptions;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TrainerWeightTransferEngine;
import dev.weightcast.api.TransferReport;
import dev.weightcast.api.UniqueId;
import dev.weightcast.api.WeightSource;
import dev.weightcast.api.WeightTransferEngine;
import dev.weightcast.core.WeightTransfer;
import dev.weightcast.safetensors.SafetensorsSource;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** A trainer and its workers in one JVM on one device, each on a thread of its own. */
final class LiveRanks {

  private final LiveArguments arguments;
  private final WeightTransfer transfer;
  private final int worldSize;
  private final LiveThreads threads;

  LiveRanks(LiveArguments arguments, WeightTransfer transfer) {
    this.arguments = arguments;
    this.transfer = transfer;
    this.worldSize = arguments.number("world", 2);
    this.threads = new LiveThreads(worldSize, arguments.text("threads", "platform"));
  }

  /** Gives the number of wrong bytes and failed ranks. */
  long run() {
    return threads.run(rank -> rank == 0 ? train() : work(rank), arguments.number("limit", 100));
  }

  private BroadcastInitInfo group(int rank) throws InterruptedException {
    Packing packing = arguments.packings().get(0);
    BroadcastInitInfo info =
        arguments.text("mode", "store").equals("store")
            ? BroadcastInitInfo.ofStore("127.0.0.1", arguments.number("port", 29555), worldSize)
            : BroadcastInitInfo.ofUniqueId(threads.<UniqueId>share("id", null), worldSize);
    return info.withRankOffset(Math.max(1, rank)).withPacking(packing);
  }

  private long train() throws InterruptedException {
    try (TrainerWeightTransferEngine<BroadcastInitInfo> engine = transfer.broadcastTrainer();
        LiveModel model = new LiveModel(engine.deviceContext(), arguments.specs())) {
      model.fill();
      if (!arguments.text("mode", "store").equals("store")) {
        UniqueId shared = threads.share("id", engine.createUniqueId());
        assert shared != null;
      }
      threads.meet();
      engine.initTransferEngine(group(0));
      String file = arguments.text("file", "");
      WeightSource source =
          file.isEmpty() ? WeightSource.of(model.tensors()) : SafetensorsSource.open(Path.of(file));
      for (Packing packing : arguments.packings()) {
        for (int round = 0; round < arguments.number("rounds", 1); round++) {
          threads.meet();
          TransferReport report =
              engine.sendWeights(source, SendOptions.defaults().withPacking(packing));
          threads.meet();
          tell(0, packing, round, report, -1);
          threads.meet();
        }
      }
      return 0;
    }
  }

  private long work(int rank) throws InterruptedException {
    List<TensorSpec> specs = arguments.specs();
    long wrong = 0;
    try (WeightTransferEngine<BroadcastInitInfo, BroadcastUpdateInfo> engine =
            transfer.broadcastWorker();
        LiveModel model = new LiveModel(engine.deviceContext(), specs)) {
      CopyingWeightLoader loader = CopyingWeightLoader.into(model.tensors());
      threads.meet();
      engine.initTransferEngine(group(rank));
      for (Packing packing : arguments.packings()) {
        for (int round = 0; round < arguments.number("rounds", 1); round++) {
          model.clear(); // waits for the device, and so comes before any rank's first kernel
          threads.meet();
          engine.startWeightUpdate();
          TransferReport report =
              engine.receiveWeights(BroadcastUpdateInfo.of(specs).withPacking(packing), loader);
          engine.finishWeightUpdate();
          threads.meet();
          long differences = model.differences() + loader.missing().size();
          loader.reset();
          wrong += differences;
          tell(rank, packing, round, report, differences);
          threads.meet();
        }
      }
    }
    return wrong;
  }

  private void tell(int rank, Packing packing, int round, TransferReport report, long differences) {
    System.out.printf(
        Locale.ROOT,
        "RESULT|%d ranks in one JVM, %s|rank %d|%s|%s|%d|%d|%d|%d|%.3f|%.2f|%s%n",
        worldSize,
        arguments.text("threads", "platform"),
        rank,
        arguments.text("list", "small"),
        arguments.text("mode", "store")
            + (packing.packed() ? " packed " + packing.bufferSizeBytes() : " unpacked"),
        packing.numBuffers(),
        round,
        report.tensors(),
        report.bytes(),
        report.elapsed().toNanos() / 1e9,
        report.gigabytesPerSecond(),
        differences < 0 ? "-" : differences == 0 ? "all bytes equal" : differences + " WRONG");
  }
}
