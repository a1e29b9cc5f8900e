package dev.weightcast.benchmarks;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.CopyingWeightLoader;
import dev.weightcast.api.Packing;
import dev.weightcast.api.ParallelConfig;
import dev.weightcast.api.TrainerWeightTransferEngine;
import dev.weightcast.api.TransferReport;
import dev.weightcast.api.WeightLoader;
import dev.weightcast.api.WeightSource;
import dev.weightcast.api.WeightTransferEngine;
import dev.weightcast.core.WeightTransfer;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** One update, packed, from a trainer to one worker of the same JVM, end to end. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class LoopbackBenchmark {

  /** Which model is sent. */
  @Param({"LARGE", "SMALL"})
  public ModelSize model = ModelSize.TINY;

  /** The buffer size of the packing. */
  @Param({"1048576", "4194304", "16777216", "67108864"})
  public long bufferBytes = 1 << 20;

  private final ExecutorService trainerThread = Executors.newSingleThreadExecutor();
  private @Nullable Group group;

  /** What an update needs, ready. */
  private record Group(
      TrainerWeightTransferEngine<BroadcastInitInfo> trainer,
      WeightTransferEngine<BroadcastInitInfo, BroadcastUpdateInfo> worker,
      WeightSource source,
      BroadcastUpdateInfo update,
      CopyingWeightLoader copying) {}

  /** Makes the models and joins trainer and worker. */
  @Setup
  public void join() throws ExecutionException, InterruptedException {
    WeightTransfer transfer =
        WeightTransfer.builder().backend("loopback").parallel(ParallelConfig.SINGLE).build();
    Model sent = Model.random(model);
    Group made =
        new Group(
            transfer.broadcastTrainer(),
            transfer.broadcastWorker(),
            WeightSource.of(sent.tensors()),
            BroadcastUpdateInfo.of(sent.specs()),
            CopyingWeightLoader.into(Model.random(model).tensors()));
    BroadcastInitInfo info =
        BroadcastInitInfo.ofUniqueId(made.trainer.createUniqueId(), 2)
            .withRankOffset(1)
            .withPacking(new Packing(true, bufferBytes, 2));
    Future<?> joined = trainerThread.submit(() -> made.trainer.initTransferEngine(info));
    made.worker.initTransferEngine(info);
    joined.get();
    group = made;
  }

  /** Ends it all. */
  @TearDown
  public void close() {
    Group present = group();
    present.worker.close();
    present.trainer.close();
    trainerThread.shutdown();
  }

  /** Two copies on the way: into the trainer's slot, and from there into the worker's. */
  @Benchmark
  public long intoTheRing() throws ExecutionException, InterruptedException {
    return update((weights, stream, deadline) -> {});
  }

  /** Three copies on the way: the third from the worker's slot into its destination. */
  @Benchmark
  public long intoDestinations() throws ExecutionException, InterruptedException {
    return update(group().copying);
  }

  private long update(WeightLoader loader) throws ExecutionException, InterruptedException {
    Group present = group();
    Future<TransferReport> sent =
        trainerThread.submit(() -> present.trainer.sendWeights(present.source));
    present.worker.startWeightUpdate();
    TransferReport received = present.worker.receiveWeights(present.update, loader);
    present.worker.finishWeightUpdate();
    return sent.get().bytes() + received.bytes();
  }

  private Group group() {
    Group present = group;
    if (present == null) {
      throw new IllegalStateException("not joined");
    }
    return present;
  }
}
