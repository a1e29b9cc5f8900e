package dev.weightcast.backend.loopback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.CopyingWeightLoader;
import dev.weightcast.api.DataType;
import dev.weightcast.api.DeviceException;
import dev.weightcast.api.OutOfDeviceMemoryException;
import dev.weightcast.api.Packing;
import dev.weightcast.api.RankFailedException;
import dev.weightcast.api.Shape;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferReport;
import dev.weightcast.api.TransferTimeoutException;
import dev.weightcast.api.WeightLoader;
import dev.weightcast.api.WeightSource;
import dev.weightcast.api.WeightTransferConfig;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each fault by itself: what happens, who notices, and what the log says. */
class FaultInjectionTest {

  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration BOUND = Duration.ofSeconds(60);

  private final List<TensorSpec> specs =
      List.of(spec("a"), spec("b"), spec("c"), spec("d"), spec("e"), spec("f"));
  private final List<Tensor> weights = RandomModel.filled(specs, new Random(1));
  private final List<List<Tensor>> held =
      List.of(RandomModel.blank(specs), RandomModel.blank(specs));
  private final VirtualClock clock = new VirtualClock();
  private final LeakAccount account = LeakAccount.open();
  private Fleet fleet;

  @BeforeEach
  void make() {
    WeightTransferConfig config = WeightTransferConfig.defaults().withTimeSource(clock);
    fleet = new Fleet(2, config, info -> info.withPacking(Packing.packed(1, 2)));
  }

  @AfterEach
  void closeAndCount() {
    fleet.close();
    account.assertNothingLeft(Duration.ofSeconds(10));
  }

  /** The three operations of one update. */
  private record Update(Future<TransferReport> send, List<Future<Object>> receives) {

    boolean isDone() {
      return send.isDone() && receives.stream().allMatch(Future::isDone);
    }
  }

  private Update update(FaultInjection faults) {
    return new Update(
        fleet.start(() -> fleet.trainer.sendWeights(WeightSource.of(weights))),
        List.of(receive(faults, 0), receive(faults, 1)));
  }

  private Future<Object> receive(FaultInjection faults, int worker) {
    WeightLoader loader = faults.loader(worker + 1, CopyingWeightLoader.into(held.get(worker)));
    return fleet.start(
        () -> {
          var engine = fleet.workers.get(worker);
          engine.startWeightUpdate();
          Object report = engine.receiveWeights(BroadcastUpdateInfo.of(specs), loader);
          engine.finishWeightUpdate();
          return report;
        });
  }

  private FaultInjection inject(FaultPlan.Builder plan) {
    return plan.build().injectAt(fleet.info);
  }

  private FaultInjection injectAndJoin(FaultPlan.Builder plan) throws Exception {
    FaultInjection faults = inject(plan);
    fleet.join();
    return faults;
  }

  private void awaitAll(Update update) throws Exception {
    Fleet.result(update.send);
    Fleet.awaitAll(update.receives);
    for (List<Tensor> each : held) {
      for (int i = 0; i < specs.size(); i++) {
        assertThat(RandomModel.bytes(each.get(i))).isEqualTo(RandomModel.bytes(weights.get(i)));
      }
    }
  }

  private static void until(BooleanSupplier condition) {
    long end = System.nanoTime() + BOUND.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("has come about").isLessThan(end);
      LockSupport.parkNanos(100_000);
    }
  }

  private static void assertLog(FaultInjection faults, String... lines) {
    assertThat(faults.log()).extracting(FaultRecord::toString).containsExactly(lines);
    assertThat(faults.notInjected()).isEmpty();
  }

  @Test
  void aKilledWorkerIsNoticedAtOnce() throws Exception {
    try (FaultInjection faults = injectAndJoin(FaultPlan.builder().kill(2, 3))) {
      Update update = update(faults);
      assertThatThrownBy(() -> Fleet.result(update.send))
          .isInstanceOf(TransferException.class)
          .hasMessageContaining("rank 2")
          .hasMessageContaining("its connection was closed");
      assertThatThrownBy(() -> Fleet.result(update.receives.get(1)))
          .hasMessageContaining("rank 2 was killed at bucket 3, as planned");
      until(update::isDone);
      assertLog(faults, "kill(2, 3): rank 2 was killed at bucket 3");
    }
  }

  @Test
  void aWorkerThatDiesSilentlyIsWaitedForUntilTheDeadline() throws Exception {
    try (FaultInjection faults = injectAndJoin(FaultPlan.builder().killSilently(2, 3))) {
      Update update = update(faults);
      assertThatThrownBy(() -> Fleet.result(update.receives.get(1)))
          .hasMessageContaining("was killed at bucket 3");
      assertThat(update.send.isDone()).isFalse();
      clock.advanceUntil(update::isDone, Duration.ofMinutes(1), BOUND);
      // Whose deadline passes first says so, and tells the other, whose deadline may be as near.
      List<Throwable> told =
          Stream.of(update.send, update.receives.get(0))
              .map(each -> catchThrowable(() -> Fleet.result(each)))
              .toList();
      assertThat(told)
          .hasOnlyElementsOfTypes(TransferTimeoutException.class, RankFailedException.class)
          .hasAtLeastOneElementOfType(TransferTimeoutException.class)
          .allSatisfy(each -> assertThat(each).hasMessageContaining("within PT5M"));
    }
  }

  @Test
  void aTrainerThatDiesSilentlyLeavesNoBytesToRead() throws Exception {
    try (FaultInjection faults = injectAndJoin(FaultPlan.builder().killSilently(0, 2))) {
      Update update = update(faults);
      assertThatThrownBy(() -> Fleet.result(update.send)).hasMessageContaining("rank 0 was killed");
      clock.advanceUntil(update::isDone, Duration.ofMinutes(5), BOUND);
      for (Future<Object> each : update.receives) {
        assertThatThrownBy(() -> Fleet.result(each)).isInstanceOf(TransferException.class);
      }
    }
  }

  @Test
  void aDelayedBucketComesWhenTheClockHasGoneOn() throws Exception {
    try (FaultInjection faults = injectAndJoin(FaultPlan.builder().delay(1, 4, SECOND))) {
      Update update = update(faults);
      until(() -> !faults.log().isEmpty());
      assertThat(update.send.isDone()).isFalse();
      clock.advance(SECOND);
      awaitAll(update);
      assertLog(faults, faults.plan().faults().get(0) + ": rank 1 is delayed at bucket 4 for PT1S");
    }
  }

  @Test
  void aDroppedBucketIsWaitedForUntilTheDeadline() throws Exception {
    try (FaultInjection faults = injectAndJoin(FaultPlan.builder().drop(1, 2))) {
      Update update = update(faults);
      until(() -> !faults.log().isEmpty());
      clock.advanceUntil(update::isDone, Duration.ofMinutes(5), BOUND);
      assertThatThrownBy(() -> Fleet.result(update.receives.get(0)))
          .isInstanceOf(TransferException.class);
      assertThatThrownBy(() -> Fleet.result(update.send)).isInstanceOf(TransferException.class);
      assertLog(faults, "drop(1, 2): rank 1 never gets the bytes of bucket 2");
    }
  }

  @Test
  void aDroppedBucketDoesNotKeepCloseWaiting() throws Exception {
    try (FaultInjection faults = injectAndJoin(FaultPlan.builder().drop(1, 2).stop(2, 1))) {
      Update update = update(faults);
      until(() -> faults.log().size() == 2);
      fleet.close(); // the account finds a stream that has not ended
      until(update::isDone);
      assertThatThrownBy(() -> Fleet.result(update.receives.get(0)))
          .hasMessageContaining("the engine was closed");
    }
  }

  @Test
  void aStoppedRankGoesOnWhenTheClockOrTheTestSaysSo() throws Exception {
    FaultPlan.Builder plan = FaultPlan.builder().stop(1, 1, SECOND).stop(2, 3);
    try (FaultInjection faults = injectAndJoin(plan)) {
      Update update = update(faults);
      until(() -> faults.notInjected().isEmpty());
      assertThat(update.isDone()).isFalse();
      clock.advance(SECOND); // ends the one
      faults.resume(2); // and this the other
      awaitAll(update);
      assertThat(faults.log())
          .extracting(FaultRecord::toString)
          .contains("stop(2, 3): rank 2 stands still from bucket 3 on");
    }
  }

  @Test
  void aRankThatStandsStillForTooLongIsLeft() throws Exception {
    try (FaultInjection faults = injectAndJoin(FaultPlan.builder().stop(0, 2))) {
      Update update = update(faults);
      until(() -> !faults.log().isEmpty());
      clock.advanceUntil(update::isDone, Duration.ofMinutes(5), BOUND);
      assertThatThrownBy(() -> Fleet.result(update.send)).isInstanceOf(TransferException.class);
    }
  }

  @Test
  void flippedBitsAreInTheLogAndInTheBytes() throws Exception {
    try (FaultInjection faults = injectAndJoin(FaultPlan.builder().seed(5).corrupt(2, 3, 2))) {
      Update update = update(faults);
      assertThatThrownBy(() -> awaitAll(update)).isInstanceOf(AssertionError.class);
      assertThat(faults.log().get(0).text())
          .startsWith("rank 2 received wrong bytes in bucket 3; flipped of its 640 bits: [");
      int different = 0;
      for (int i = 0; i < specs.size(); i++) {
        byte[] sent = RandomModel.bytes(weights.get(i));
        assertThat(RandomModel.bytes(held.get(0).get(i))).isEqualTo(sent);
        byte[] got = RandomModel.bytes(held.get(1).get(i));
        for (int b = 0; b < sent.length; b++) {
          different += Integer.bitCount((sent[b] ^ got[b]) & 0xff);
        }
      }
      assertThat(different).isEqualTo(2);
    }
  }

  /** The next bucket may be late on a busy machine; that it never comes first would be wrong. */
  @Test
  void aBucketThatIsHeldBackIsDoneAfterTheNext() throws Exception {
    boolean seen = false;
    for (int attempt = 0; !seen && attempt < 50; attempt++) {
      try (FaultInjection faults = injectAndJoin(FaultPlan.builder().reorder(1, 3))) {
        awaitAll(update(faults));
        assertThat(faults.log()).hasSize(1);
        seen = faults.log().get(0).text().endsWith("; the next was done first");
      }
    }
    assertThat(seen).isTrue();
  }

  @Test
  void withOneBufferNothingComesFirstAndTheBucketGoesOn() throws Exception {
    fleet.info = fleet.info.withPacking(Packing.packed(1, 1));
    try (FaultInjection faults = injectAndJoin(FaultPlan.builder().reorder(1, 3))) {
      awaitAll(update(faults));
      assertLog(
          faults, "reorder(1, 3): rank 1 holds back bucket 3; the next did not come in good time");
    }
  }

  @Test
  void aRefusedAllocationFailsItsRankAndThenTheOthers() throws Exception {
    try (FaultInjection faults = injectAndJoin(FaultPlan.builder().failAllocation(1, 2))) {
      Update update = update(faults);
      assertThatThrownBy(() -> Fleet.result(update.receives.get(0)))
          .isInstanceOf(TransferException.class)
          .hasCauseInstanceOf(OutOfDeviceMemoryException.class)
          .hasMessageContaining("allocation 2 of rank 1 fails as planned");
      assertThatThrownBy(() -> Fleet.result(update.send)).hasMessageContaining("as planned");
      until(update::isDone);
      assertLog(faults, "failAllocation(1, 2): rank 1 got no memory for 'ring slot 1'");
    }
  }

  @Test
  void aFailedCopyFailsOnceAndABrokenDeviceForGood() throws Exception {
    try (FaultInjection faults =
        injectAndJoin(FaultPlan.builder().failCopy(0, 2).breakDevice(1, 1))) {
      Update update = update(faults);
      until(update::isDone);
      assertThatThrownBy(() -> Fleet.result(update.receives.get(0)))
          .isInstanceOf(TransferException.class);
      assertThatThrownBy(() -> fleet.workers.get(0).deviceContext().allocate("more", 1))
          .isInstanceOf(DeviceException.class)
          .hasMessageContaining("nothing works on loopback:0 now");
      fleet.trainer.deviceContext().allocate("more", 1).close();
    }
  }

  @Test
  void aLoaderIsSlowOrThrowsWhereThePlanSaysSo() throws Exception {
    FaultPlan.Builder plan = FaultPlan.builder().slowLoader(1, 2, SECOND).failLoader(2, 6);
    try (FaultInjection faults = injectAndJoin(plan)) {
      Update update = update(faults);
      until(() -> !faults.log().isEmpty());
      assertThat(update.isDone()).isFalse();
      clock.advance(SECOND);
      assertThatThrownBy(() -> Fleet.result(update.receives.get(1)))
          .isInstanceOf(TransferException.class)
          .hasMessageContaining("the loader of rank 2 throws at call 6, as planned");
      until(update::isDone);
    }
  }

  @Test
  void aRankThatComesLateIsWaitedFor() throws Exception {
    try (FaultInjection faults = inject(FaultPlan.builder().late(2, SECOND))) {
      Future<Object> trainer = fleet.start(fleet::initTrainer);
      List<Future<Object>> workers =
          List.of(fleet.start(() -> fleet.initWorker(0)), fleet.start(() -> fleet.initWorker(1)));
      until(() -> !faults.log().isEmpty());
      clock.advance(SECOND);
      Fleet.result(trainer);
      Fleet.awaitAll(workers);
      awaitAll(update(faults));
    }
  }

  @Test
  void ranksThatAreNotThereAreMissed() throws Exception {
    for (FaultPlan.Builder plan :
        List.of(FaultPlan.builder().absent(2), FaultPlan.builder().killInRendezvous(2))) {
      try (FaultInjection faults = inject(plan)) {
        List<Future<Object>> all =
            List.of(
                fleet.start(fleet::initTrainer),
                fleet.start(() -> fleet.initWorker(0)),
                fleet.start(() -> fleet.initWorker(1)));
        clock.advanceUntil(
            () -> all.stream().allMatch(Future::isDone), Duration.ofMinutes(2), BOUND);
        for (Future<Object> each : all) {
          assertThatThrownBy(() -> Fleet.result(each))
              .isInstanceOf(TransferException.class)
              .hasMessageContaining("in rendezvous");
        }
        assertThat(faults.notInjected()).isEmpty();
      }
    }
    fleet.join();
  }

  @Test
  void aRankThatDiesInTheWarmUpIsNoticed() throws Exception {
    try (FaultInjection faults = inject(FaultPlan.builder().killInWarmUp(1))) {
      assertThatThrownBy(fleet::join).isInstanceOf(TransferException.class);
      until(() -> !faults.log().isEmpty());
      assertLog(faults, "kill(1, 0): rank 1 was killed at the warm-up");
    }
  }

  @Test
  void whatCannotHappenIsNamedWithItsReason() throws Exception {
    FaultPlan.Builder plan =
        FaultPlan.builder().kill(1, 99).corrupt(0, 1).failLoader(0, 1).kill(5, 1);
    try (FaultInjection faults = injectAndJoin(plan)) {
      awaitAll(update(faults));
      assertThat(faults.log()).isEmpty();
      assertThat(faults.notInjected())
          .extracting(FaultRecord::toString)
          .containsExactlyInAnyOrder(
              "corrupt(0, 1) was not injected: rank 0 sends the bucket",
              "kill(1, 99) was not injected: rank 1 came to bucket 6 only",
              "failLoader(0, 1) was not injected: rank 0 has no loader that was wrapped by"
                  + " FaultInjection.loader and called",
              "kill(5, 1) was not injected: rank 5 did not come that far");
      assertThat(faults.toString()).startsWith("FaultPlan.builder().kill(1, 99)");
    }
  }

  @Test
  void anotherGroupIsNotTouchedAndNeitherIsThisOneAfterwards() throws Exception {
    try (FaultInjection faults =
        FaultPlan.builder().kill(1, 1).build().injectAt(fleet.info.withPacking(Packing.UNPACKED))) {
      assertThat(faults.log()).isEmpty();
    }
    try (FaultInjection none = injectAndJoin(FaultPlan.builder())) {
      awaitAll(update(none));
      assertLog(none);
    }
  }

  private static TensorSpec spec(String name) {
    return new TensorSpec(name, DataType.UINT8, Shape.of(80));
  }
}
