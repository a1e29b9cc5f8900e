package dev.weightcast.backend.loopback;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.CopyingWeightLoader;
import dev.weightcast.api.DeviceContext;
import dev.weightcast.api.Packing;
import dev.weightcast.api.SendOptions;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.WeightLoader;
import dev.weightcast.api.WeightStatus;
import dev.weightcast.api.WeightTransferConfig;
import dev.weightcast.backend.loopback.Schedule.Mishap;
import dev.weightcast.spi.collective.DeviceAccount;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;

/**
 * One round: a group joins and transfers once while things go wrong; then whoever died is replaced,
 * all join again, and a whole transfer must succeed; then all close, and their devices are empty.
 */
final class ExplorerRound {

  /** Real time after which something hangs; nothing here waits for more than milliseconds of it. */
  private static final Duration BOUND = Duration.ofSeconds(30);

  /** What the weights are called that are sent while things go wrong, and those after. */
  static final String WITH_FAULTS = "step-1";

  private static final String AFTER = "step-2";

  private final Schedule schedule;
  private final VirtualClock clock = new VirtualClock();
  private final WeightTransferConfig config;
  private final List<List<Tensor>> held = new ArrayList<>();
  private final CountDownLatch joined;
  private final Fleet fleet;

  private final List<LoopbackRuntime> devices = new ArrayList<>();

  ExplorerRound(Schedule schedule) {
    this.schedule = schedule;
    config =
        WeightTransferConfig.defaults().withTimeSource(clock).withChecksums(schedule.checksums);
    joined = new CountDownLatch(schedule.workers + 1);
    fleet =
        schedule.mute
            ? Fleet.mute(schedule.workers, config, UnaryOperator.identity())
            : new Fleet(schedule.workers, config, UnaryOperator.identity());
    know(fleet.trainer.deviceContext());
    fleet.workers.forEach(each -> know(each.deviceContext()));
  }

  private void know(DeviceContext device) {
    devices.add((LoopbackRuntime) device);
  }

  void run() throws Exception {
    try {
      ExplorerVerdict verdict = transferWithFaults();
      replace(verdict);
      transferWell();
      assertDevicesHoldWhatTheyNeed();
    } finally {
      fleet.close();
    }
    for (LoopbackRuntime device : devices) {
      assertThat(device.leftAtClose()).as("what its engine left").isEqualTo(DeviceAccount.EMPTY);
      assertThat(device.account()).as("what is open").isEqualTo(DeviceAccount.EMPTY);
    }
  }

  private void meet(Packing packing) {
    fleet.info =
        BroadcastInitInfo.ofUniqueId(fleet.trainer.createUniqueId(), schedule.workers + 1)
            .withRankOffset(1)
            .withPacking(packing);
  }

  private ExplorerVerdict transferWithFaults() throws Exception {
    meet(schedule.packing);
    CountingSource source = schedule.source();
    List<RankRun> runs = new ArrayList<>();
    FaultInjection faults = schedule.plan.injectAt(fleet.info);
    try (faults) {
      runs.add(
          new RankRun(
              0, () -> train(source, WITH_FAULTS, schedule.mishap != Mishap.TRAINER_NEVER_SENDS)));
      for (int i = 0; i < schedule.workers; i++) {
        int worker = i;
        held.add(RandomModel.blank(schedule.specs));
        boolean never = schedule.mishap == Mishap.WORKER_NEVER_RECEIVES && i == schedule.victim;
        runs.add(new RankRun(i + 1, () -> serve(worker, loader(worker, faults), never)));
      }
      untilAllHaveEnded(runs, faults);
      source.assertGivenBack();
      ExplorerVerdict verdict = new ExplorerVerdict(schedule, faults, fleet, runs, held);
      verdict.check();
      return verdict;
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError(e.getMessage() + "\n" + faults, e);
    }
  }

  private void train(CountingSource source, String version, boolean sends) throws Exception {
    fleet.initTrainer();
    joined.countDown();
    if (sends) {
      fleet.trainer.sendWeights(source, SendOptions.defaults().withVersion(version));
    }
  }

  private void serve(int worker, WeightLoader loader, boolean never) {
    fleet.initWorker(worker);
    joined.countDown();
    if (!never) {
      receive(worker, schedule.announcedTo(worker), loader);
    }
  }

  private void receive(int worker, List<TensorSpec> specs, WeightLoader loader) {
    var engine = fleet.workers.get(worker);
    engine.startWeightUpdate();
    engine.receiveWeights(BroadcastUpdateInfo.of(specs), loader);
    engine.finishWeightUpdate();
  }

  private WeightLoader loader(int worker, FaultInjection faults) {
    WeightLoader copying =
        schedule.announcedTo(worker).equals(schedule.specs)
            ? CopyingWeightLoader.into(held.get(worker))
            : (views, stream, deadline) -> {};
    boolean throwing = schedule.mishap == Mishap.LOADER_THROWS && worker == schedule.victim;
    AtomicInteger seen = new AtomicInteger();
    return faults.loader(
        worker + 1,
        (views, stream, deadline) -> {
          int first = seen.getAndAdd(views.size());
          if (throwing && first <= schedule.at && schedule.at < seen.get()) {
            throw new IllegalStateException("no such layer");
          }
          copying.load(views, stream, deadline);
          if (schedule.loadersWait) {
            stream.synchronize(deadline);
          }
        });
  }

  /**
   * Lets the time pass that the faults are waited for, and no more: a fault that lasts is over by
   * its duration, and only one that ends with somebody's deadline lets deadlines pass.
   */
  private void untilAllHaveEnded(List<RankRun> runs, FaultInjection faults) throws Exception {
    long end = System.nanoTime() + BOUND.toNanos();
    boolean meddled = false;
    int passed = 0;
    for (int turn = 0; !runs.stream().allMatch(RankRun::isDone); turn++) {
      if (!meddled && joined.getCount() == 0) {
        Thread.sleep(0, (int) (schedule.meddleNanos % 1_000_000));
        meddle(runs);
        meddled = true;
      }
      List<FaultRecord> log = faults.log();
      for (; passed < log.size(); passed++) {
        clock.advance(log.get(passed).fault().duration());
      }
      if (turn % 5 == 4 && isEndless(log)) {
        clock.advance(config.timeout());
      }
      if (System.nanoTime() > end) {
        throw new AssertionError(
            "hangs: " + runs.stream().filter(run -> !run.isDone()).map(RankRun::where).toList());
      }
      for (RankRun run : runs) {
        if (!run.isDone()) {
          run.thread.join(1);
          break;
        }
      }
    }
  }

  private boolean isEndless(List<FaultRecord> log) {
    return schedule.mishap == Mishap.WORKER_NEVER_RECEIVES
        || schedule.mishap == Mishap.TRAINER_NEVER_SENDS
        || log.stream().anyMatch(line -> line.fault().isEndless());
  }

  private void meddle(List<RankRun> runs) {
    switch (schedule.mishap) {
      case WORKER_CLOSES -> fleet.workers.get(schedule.victim).close();
      case TRAINER_CLOSES -> fleet.trainer.close();
      case WORKER_IS_INTERRUPTED -> runs.get(schedule.victim + 1).thread.interrupt();
      case TRAINER_IS_INTERRUPTED -> runs.get(0).thread.interrupt();
      default -> {}
    }
  }

  private void replace(ExplorerVerdict verdict) {
    for (int rank : verdict.ranksToReplace()) {
      fleet.replace(rank);
      know(rank == 0 ? fleet.trainer.deviceContext() : fleet.workers.get(rank - 1).deviceContext());
    }
  }

  private void transferWell() throws Exception {
    meet(schedule.otherPacking());
    CountingSource source = new CountingSource(schedule.weights, schedule.specs, -1);
    List<RankRun> runs = new ArrayList<>();
    List<List<Tensor>> again = new ArrayList<>();
    runs.add(new RankRun(0, () -> train(source, AFTER, true)));
    for (int i = 0; i < schedule.workers; i++) {
      int worker = i;
      again.add(RandomModel.blank(schedule.specs));
      runs.add(
          new RankRun(
              i + 1,
              () -> {
                fleet.initWorker(worker);
                receive(worker, schedule.specs, CopyingWeightLoader.into(again.get(worker)));
              }));
    }
    for (RankRun run : runs) {
      run.thread.join(BOUND.toMillis());
      if (!run.isDone()) {
        throw new AssertionError("hangs after the recovery: " + run.where());
      }
      assertThat(run.failure).as("rank %s after the recovery", run.rank).isNull();
    }
    source.assertGivenBack();
    fleet.workers.forEach(
        each ->
            assertThat(each.weightStatus())
                .as("after the recovery")
                .isEqualTo(new WeightStatus(AFTER, Set.of(), Optional.empty())));
    for (List<Tensor> each : again) {
      assertThat(ExplorerVerdict.firstDifference(schedule.weights, each))
          .as("after the recovery")
          .isEmpty();
    }
  }

  /** The scratch memory and the ring's, each once: whatever else is there has leaked. */
  private void assertDevicesHoldWhatTheyNeed() {
    for (LoopbackRuntime device : devices) {
      List<String> streams = labels(device, "stream");
      List<String> buffers = labels(device, "buffer");
      assertThat(streams).as("streams").doesNotHaveDuplicates();
      assertThat(buffers).as("buffers").doesNotHaveDuplicates();
      assertThat(streams).as("a stream for each buffer").containsAll(buffers);
    }
  }

  private static List<String> labels(LoopbackRuntime device, String kind) {
    return device.account().items().stream()
        .filter(item -> item.kind().equals(kind))
        .map(item -> item.label())
        .toList();
  }
}
