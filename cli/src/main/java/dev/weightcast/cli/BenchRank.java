package dev.weightcast.cli;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.CopyingWeightLoader;
import dev.weightcast.api.Device;
import dev.weightcast.api.DeviceContext;
import dev.weightcast.api.SendOptions;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TrainerWeightTransferEngine;
import dev.weightcast.api.TransferReport;
import dev.weightcast.api.UniqueId;
import dev.weightcast.api.WeightLoader;
import dev.weightcast.api.WeightSource;
import dev.weightcast.api.WeightTransferConfig;
import dev.weightcast.api.WeightTransferEngine;
import dev.weightcast.core.WeightTransfer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * One rank of a measurement: does every step as often as all others do. Made and closed by the
 * command; runs on a thread of its own.
 */
abstract sealed class BenchRank implements AutoCloseable {

  private static final long SEED = 17;

  private final int rank;
  private final StageClock clock;
  private final BenchResult result = new BenchResult();

  private BenchRank(int rank, StageClock clock) {
    this.rank = rank;
    this.clock = clock;
  }

  /**
   * What all ranks are told.
   *
   * @param specs the list
   * @param steps what is measured
   * @param rounds how often, beside the two rounds that do not count
   * @param timeout for each wait
   */
  record Task(List<TensorSpec> specs, List<BenchStep> steps, int rounds, Duration timeout) {}

  static BenchRank make(
      int rank, String backend, Optional<Device> device, WeightTransferConfig general) {
    long start = System.nanoTime();
    StageClock clock = new StageClock();
    WeightTransferConfig config = general.withListener(clock);
    WeightTransfer transfer =
        GroupOptions.transfer(backend, device.map(config::withDevice).orElse(config));
    BenchRank made =
        rank == 0
            ? new Trainer(transfer.broadcastTrainer(), clock)
            : new Worker(rank, transfer.broadcastWorker(), clock);
    made.result.once("make the engine", StageClock.seconds(start, System.nanoTime()));
    return made;
  }

  int rank() {
    return rank;
  }

  BenchResult result() {
    return result;
  }

  abstract DeviceContext device();

  abstract Optional<UniqueId> createUniqueId();

  abstract void join(BroadcastInitInfo info);

  abstract TransferReport transfer(BenchStep step, List<Tensor> tensors);

  /** Before the first round of a step, and behind it. */
  abstract void prepare(BenchStep step, DeviceModel model);

  abstract void check(BenchStep step, DeviceModel model, Content content);

  /**
   * Does everything, from joining on.
   *
   * @param told hears which step begins
   */
  void run(Task task, BroadcastInitInfo info, Consumer<BenchStep> told) {
    Content content = new SeededContent(SEED);
    try (DeviceModel model =
        timed("take memory", () -> DeviceModel.allocate(device(), task.specs(), task.timeout()))) {
      fill(model, content);
      timed(
          "join the group",
          () -> {
            join(info);
            return this;
          });
      for (BenchStep step : task.steps()) {
        told.accept(step);
        measure(step, task, model, content);
      }
    }
  }

  private void fill(DeviceModel model, Content content) {
    if (rank == 0) {
      timed(
          "fill memory",
          () -> {
            model.fill(content);
            return this;
          });
    }
  }

  private void measure(BenchStep step, Task task, DeviceModel model, Content content) {
    List<Tensor> tensors = step.tensors(model);
    prepare(step, model);
    transfer(step, tensors); // makes connections and the ring
    check(step, model, content);
    transfer(step, tensors); // whoever checked is back
    List<StageClock.Stages> rounds = new ArrayList<>();
    for (int round = 0; round < task.rounds(); round++) {
      clock.begin();
      TransferReport report = transfer(step, tensors);
      rounds.add(clock.end(report.buckets()));
    }
    result.measured(step, rounds);
  }

  private <T> T timed(String what, java.util.function.Supplier<T> work) {
    long start = System.nanoTime();
    T made = work.get();
    result.once(what, StageClock.seconds(start, System.nanoTime()));
    return made;
  }

  @Override
  public abstract void close();

  /** Rank 0. */
  private static final class Trainer extends BenchRank {
    private final TrainerWeightTransferEngine<BroadcastInitInfo> engine;

    Trainer(TrainerWeightTransferEngine<BroadcastInitInfo> engine, StageClock clock) {
      super(0, clock);
      this.engine = engine;
    }

    @Override
    DeviceContext device() {
      return engine.deviceContext();
    }

    @Override
    Optional<UniqueId> createUniqueId() {
      return Optional.of(engine.createUniqueId());
    }

    @Override
    void join(BroadcastInitInfo info) {
      engine.initTransferEngine(info);
    }

    @Override
    TransferReport transfer(BenchStep step, List<Tensor> tensors) {
      return engine.sendWeights(
          WeightSource.of(tensors), SendOptions.defaults().withPacking(step.packing()));
    }

    @Override
    void prepare(BenchStep step, DeviceModel model) {}

    @Override
    void check(BenchStep step, DeviceModel model, Content content) {}

    @Override
    public void close() {
      engine.close();
    }
  }

  /** Any other rank. */
  private static final class Worker extends BenchRank {
    private final WeightTransferEngine<BroadcastInitInfo, BroadcastUpdateInfo> engine;

    Worker(
        int rank,
        WeightTransferEngine<BroadcastInitInfo, BroadcastUpdateInfo> engine,
        StageClock clock) {
      super(rank, clock);
      this.engine = engine;
    }

    @Override
    DeviceContext device() {
      return engine.deviceContext();
    }

    @Override
    Optional<UniqueId> createUniqueId() {
      return Optional.empty();
    }

    @Override
    void join(BroadcastInitInfo info) {
      engine.initTransferEngine(info.withRankOffset(rank()));
    }

    @Override
    TransferReport transfer(BenchStep step, List<Tensor> tensors) {
      BroadcastUpdateInfo update =
          BroadcastUpdateInfo.of(tensors.stream().map(Tensor::spec).toList())
              .withPacking(step.packing());
      WeightLoader loader =
          step.loads() ? CopyingWeightLoader.into(tensors) : (weights, stream, deadline) -> {};
      engine.startWeightUpdate();
      TransferReport report = engine.receiveWeights(update, loader);
      engine.finishWeightUpdate();
      return report;
    }

    @Override
    void prepare(BenchStep step, DeviceModel model) {
      if (step.isChecked()) {
        model.overwrite();
      }
    }

    @Override
    void check(BenchStep step, DeviceModel model, Content content) {
      if (step.isChecked()) {
        long start = System.nanoTime();
        Optional<String> mismatch = model.compare(content).mismatch();
        result().once("check bytes", StageClock.seconds(start, System.nanoTime()));
        mismatch.ifPresent(
            text -> {
              throw new CliException(
                  ExitCode.MISMATCH,
                  "MISMATCH on rank " + rank() + ", " + step.name() + ": " + text,
                  null);
            });
      }
    }

    @Override
    public void close() {
      engine.close();
    }
  }
}
