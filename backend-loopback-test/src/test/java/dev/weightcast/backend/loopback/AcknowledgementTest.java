package dev.weightcast.backend.loopback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.DataType;
import dev.weightcast.api.Deadline;
import dev.weightcast.api.EngineState;
import dev.weightcast.api.Packing;
import dev.weightcast.api.ParallelConfig;
import dev.weightcast.api.RankFailedException;
import dev.weightcast.api.Shape;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferPhase;
import dev.weightcast.api.TransferReport;
import dev.weightcast.api.TransferTimeoutException;
import dev.weightcast.api.WeightLoader;
import dev.weightcast.api.WeightSource;
import dev.weightcast.api.WeightTransferConfig;
import dev.weightcast.spi.BackendContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/** A send is over when every worker holds everything, and a failure is everybody's at once. */
class AcknowledgementTest {

  private static final WeightTransferConfig CONFIG = WeightTransferConfig.defaults();
  private static final Packing PACKING = Packing.packed(100, 2);
  private static final List<TensorSpec> SPECS = List.of(spec("a"), spec("b"), spec("c"));
  private static final WeightLoader NOTHING = (views, stream, deadline) -> {};

  private final CountDownLatch reached = new CountDownLatch(1);
  private final CountDownLatch goOn = new CountDownLatch(1);

  private static TensorSpec spec(String name) {
    return new TensorSpec(name, DataType.UINT8, Shape.of(60));
  }

  /** At the last bucket it waits until the test lets it go on. */
  private void slowAtTheEnd(List<?> views, Object stream, Deadline deadline) {
    if (views.size() == 1) {
      reached.countDown();
      try {
        goOn.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException("interrupted in the loader", e);
      }
    }
  }

  @RepeatedTest(20)
  void aSendIsOverWhenTheSlowestWorkerHasLoaded() throws Exception {
    try (Fleet fleet = joined(2, CONFIG)) {
      Future<?> quick = fleet.start(() -> receive(fleet, 0, NOTHING));
      Future<?> slow = fleet.start(() -> receive(fleet, 1, this::slowAtTheEnd));
      Future<TransferReport> send = fleet.start(() -> send(fleet));
      assertThat(reached.await(10, TimeUnit.SECONDS)).isTrue();
      Fleet.result(quick);
      assertThat(send.isDone()).isFalse();
      goOn.countDown();
      assertThat(Fleet.result(send).acknowledged()).containsExactly(1, 2);
      Fleet.result(slow);
    }
  }

  @Test
  void aWorkerThatIsTooSlowIsNamed() throws Exception {
    try (Fleet fleet = joined(2, CONFIG.withTimeout(Duration.ofMillis(500)))) {
      fleet.start(() -> receive(fleet, 0, NOTHING));
      Future<?> slow = fleet.start(() -> receive(fleet, 1, this::slowAtTheEnd));
      TransferTimeoutException e =
          catchThrowableOfType(TransferTimeoutException.class, () -> send(fleet));
      assertThat(e.missingRanks()).containsExactly(2);
      assertThat(e.phase()).isEqualTo(TransferPhase.ACKNOWLEDGEMENT);
      assertThat(e.bytesDone()).isEqualTo(180);
      assertThatThrownBy(() -> Fleet.result(slow)).isInstanceOf(TransferException.class);
    }
  }

  @Test
  void aWorkerWhoseLoaderThrowsAtTheEndFailsTheSend() throws Exception {
    try (Fleet fleet = joined(2, CONFIG)) {
      fleet.start(() -> receive(fleet, 0, NOTHING));
      Future<?> bad =
          fleet.start(
              () ->
                  receive(
                      fleet,
                      1,
                      (views, stream, deadline) -> {
                        if (views.size() == 1) {
                          throw new IllegalStateException("disk full");
                        }
                      }));
      RankFailedException e = catchThrowableOfType(RankFailedException.class, () -> send(fleet));
      assertThat(e.rank()).isEqualTo(2);
      assertThat(e)
          .hasMessageContaining("rank 2 has left the group: receiveWeights failed: the")
          .hasMessageContaining("the loader: disk full");
      assertThatThrownBy(() -> Fleet.result(bad)).hasMessageContaining("disk full");
      assertThat(fleet.trainer.state()).isEqualTo(EngineState.FAILED);
    }
  }

  @RepeatedTest(20)
  void aWorkerThatDiesBeforeItAcknowledgesFailsTheSendAndTheOthers() throws Exception {
    BroadcastInitInfo[] info = new BroadcastInitInfo[1];
    Fleet fleet = new Fleet(3, CONFIG, each -> info[0] = each.withPacking(PACKING));
    try (fleet;
        FaultInjection faults = FaultPlan.builder().kill(3, 2).build().injectAt(info[0])) {
      fleet.join();
      for (int i = 0; i < 3; i++) {
        int worker = i;
        fleet.start(() -> receive(fleet, worker, NOTHING));
      }
      RankFailedException e = catchThrowableOfType(RankFailedException.class, () -> send(fleet));
      assertThat(e.rank()).isEqualTo(3);
      assertThat(faults.log()).hasSize(1);
    }
  }

  @RepeatedTest(20)
  void aWorkerThatLeavesAfterItHasAcknowledgedSpoilsNothing() throws Exception {
    try (Fleet fleet = joined(2, CONFIG)) {
      Future<?> leaving =
          fleet.start(
              () -> {
                receive(fleet, 0, NOTHING);
                fleet.workers.get(0).close(); // waits a little for the other one
                return fleet;
              });
      Future<?> other = fleet.start(() -> receive(fleet, 1, NOTHING));
      assertThat(send(fleet).acknowledged()).containsExactly(1, 2);
      Fleet.result(leaving);
      Fleet.result(other);
    }
  }

  @Test
  void aWorkerThatClosesWaitsForTheOthersAMomentAndNotForEver() throws Exception {
    try (Fleet fleet = new Fleet(2, CONFIG, info -> info.withPacking(PACKING))) {
      LoopbackGroup group = fleet.joinObserved().get(0);
      Future<?> quick = fleet.start(() -> receive(fleet, 0, NOTHING));
      Future<?> slow = fleet.start(() -> receive(fleet, 1, this::slowAtTheEnd));
      Future<TransferReport> send = fleet.start(() -> send(fleet));
      assertThat(reached.await(10, TimeUnit.SECONDS)).isTrue();
      Fleet.result(quick);
      Future<?> closed =
          fleet.start(
              () -> {
                fleet.workers.get(0).close();
                return fleet;
              });
      Deadline moment = Deadline.after(Duration.ofMillis(300));
      while (!moment.isOver()) {
        boolean there = !gone(group).contains(1);
        assertThat(there || moment.isOver()).as("still there for the other").isTrue();
      }
      Fleet.result(closed);
      assertThat(gone(group)).containsExactly(1);
      goOn.countDown();
      assertThat(Fleet.result(send).acknowledged()).containsExactly(1, 2);
      Fleet.result(slow);
    }
  }

  private static Set<Integer> gone(LoopbackGroup group) {
    group.lock.lock();
    try {
      return Set.copyOf(group.gone().keySet());
    } finally {
      group.lock.unlock();
    }
  }

  @Test
  void aRootThatClosesEndsWorkersThatSitInTheirLoaders() throws Exception {
    try (Fleet fleet = joined(2, CONFIG)) {
      Future<?> one = fleet.start(() -> receive(fleet, 0, NOTHING));
      Future<?> two = fleet.start(() -> receive(fleet, 1, this::slowAtTheEnd));
      Future<?> send = fleet.start(() -> send(fleet));
      assertThat(reached.await(10, TimeUnit.SECONDS)).isTrue();
      Fleet.result(one); // holds everything, and has said so
      fleet.trainer.close();
      assertThatThrownBy(() -> Fleet.result(send)).hasMessageContaining("the engine was closed");
      RankFailedException e =
          catchThrowableOfType(RankFailedException.class, () -> Fleet.result(two));
      assertThat(e.rank()).isZero();
      assertThat(e).hasMessageContaining("the engine was closed");
      assertThat(Thread.interrupted()).isFalse();
      assertThat(fleet.workers.get(0).state()).isEqualTo(EngineState.READY);
      assertThat(fleet.workers.get(1).weightStatus().mixedTensors()).contains("a");
    }
  }

  @Test
  void aFailureReachesARankThatSitsInItsSource() throws Exception {
    try (Fleet fleet = joined(1, CONFIG)) {
      RecordingSource stuck =
          new RecordingSource(SPECS, RandomModel.filled(SPECS, new Random(1))) {
            @Override
            void beforeNext(int index) {
              if (index == 2) {
                slowAtTheEnd(List.of(index), this, Deadline.after(Duration.ofSeconds(1)));
              }
            }
          };
      Future<?> worker = fleet.start(() -> receive(fleet, 0, NOTHING));
      Future<?> send = fleet.start(() -> fleet.trainer.sendWeights(stuck));
      assertThat(reached.await(10, TimeUnit.SECONDS)).isTrue();
      fleet.workers.get(0).close();
      assertThatThrownBy(() -> Fleet.result(worker)).isInstanceOf(TransferException.class);
      RankFailedException e =
          catchThrowableOfType(RankFailedException.class, () -> Fleet.result(send));
      assertThat(e.rank()).isEqualTo(1);
    }
  }

  @Test
  void theFirstThatFailedIsNamedAndNotTheLowestRank() throws Exception {
    try (Fleet fleet = joined(3, CONFIG)) {
      List<Future<?>> others = new ArrayList<>();
      others.add(fleet.start(() -> receive(fleet, 0, NOTHING)));
      others.add(fleet.start(() -> receive(fleet, 1, NOTHING)));
      others.add(fleet.start(() -> send(fleet)));
      fleet.start(
          () ->
              receive(
                  fleet,
                  2,
                  (views, stream, deadline) -> {
                    throw new IllegalStateException("no such layer");
                  }));
      for (Future<?> each : others) {
        try {
          Fleet.result(each);
        } catch (RankFailedException e) {
          assertThat(e.rank()).as("%s", e.getMessage()).isEqualTo(3);
        }
      }
      assertThat(fleet.trainer.state()).isEqualTo(EngineState.FAILED);
    }
  }

  @Test
  void notesDoNotGrowWithTransfers() throws Exception {
    try (Fleet fleet = new Fleet(2, CONFIG, info -> info.withPacking(PACKING))) {
      List<LoopbackGroup> groups = fleet.joinObserved();
      int after3 = 0;
      for (int round = 0; round < 200; round++) {
        List<Future<?>> all = new ArrayList<>();
        all.add(fleet.start(() -> receive(fleet, 0, NOTHING)));
        all.add(fleet.start(() -> receive(fleet, 1, NOTHING)));
        all.add(fleet.start(() -> send(fleet)));
        Fleet.awaitAll(all);
        int notes = notes(groups.get(0));
        if (round == 3) {
          after3 = notes;
        }
        assertThat(notes).as("notes after round %s", round).isLessThanOrEqualTo(7);
      }
      assertThat(after3).isEqualTo(notes(groups.get(0)));
      fleet.workers.forEach(worker -> worker.close());
      fleet.trainer.close();
      assertThat(notes(groups.get(0))).isZero();
    }
  }

  private static int notes(LoopbackGroup group) {
    group.lock.lock();
    try {
      return group.notes().size();
    } finally {
      group.lock.unlock();
    }
  }

  @RepeatedTest(5)
  void aReplacedWorkerJoinsTheNextGroup() throws Exception {
    try (Fleet fleet = joined(2, CONFIG)) {
      Future<?> other = fleet.start(() -> receive(fleet, 1, NOTHING));
      Future<?> send = fleet.start(() -> send(fleet));
      fleet.workers.get(0).close();
      assertThatThrownBy(() -> Fleet.result(send)).isInstanceOf(RankFailedException.class);
      assertThatThrownBy(() -> Fleet.result(other)).isInstanceOf(RankFailedException.class);
      fleet.workers.set(
          0,
          new LoopbackProvider()
              .worker(new BackendContext(CONFIG, new ParallelConfig(0, 1, 1, 0))));
      fleet.info =
          BroadcastInitInfo.ofUniqueId(fleet.trainer.createUniqueId(), 3)
              .withRankOffset(1)
              .withPacking(PACKING);
      fleet.join();
      fleet.start(() -> receive(fleet, 0, NOTHING));
      fleet.start(() -> receive(fleet, 1, NOTHING));
      assertThat(send(fleet).acknowledged()).containsExactly(1, 2);
    }
  }

  private static Fleet joined(int workers, WeightTransferConfig config) throws Exception {
    return Fleet.joined(workers, config, info -> info.withPacking(PACKING));
  }

  private static TransferReport send(Fleet fleet) {
    return fleet.trainer.sendWeights(WeightSource.of(RandomModel.filled(SPECS, new Random(1))));
  }

  private static Object receive(Fleet fleet, int worker, WeightLoader loader) {
    var engine = fleet.workers.get(worker);
    engine.startWeightUpdate();
    Object report = engine.receiveWeights(BroadcastUpdateInfo.of(SPECS), loader);
    engine.finishWeightUpdate();
    return report;
  }
}
