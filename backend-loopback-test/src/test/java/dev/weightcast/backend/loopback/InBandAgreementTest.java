package dev.weightcast.backend.loopback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.ChecksumMismatchException;
import dev.weightcast.api.CopyingWeightLoader;
import dev.weightcast.api.DataType;
import dev.weightcast.api.Packing;
import dev.weightcast.api.SendOptions;
import dev.weightcast.api.Shape;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferMismatchException;
import dev.weightcast.api.TransferPhase;
import dev.weightcast.api.TransferReport;
import dev.weightcast.api.TransferTimeoutException;
import dev.weightcast.api.WeightLoader;
import dev.weightcast.api.WeightSource;
import dev.weightcast.api.WeightStatus;
import dev.weightcast.api.WeightTransferConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Ranks that have no way to each other but collectives, as those of a group that meets by a unique
 * id. What they refuse is in {@link AgreementTest}, which runs in such a group too.
 */
class InBandAgreementTest {

  private static final WeightTransferConfig CONFIG = WeightTransferConfig.defaults();
  private static final WeightTransferConfig SHORT = CONFIG.withTimeout(Duration.ofMillis(1000));
  private static final Packing PACKING = Packing.packed(100, 2);
  private static final List<TensorSpec> SPECS = List.of(spec("a", 80), spec("b", 7), spec("c", 90));

  private static TensorSpec spec(String name, long bytes) {
    return new TensorSpec(name, DataType.UINT8, Shape.of(bytes));
  }

  private static Fleet mute(int workers, WeightTransferConfig config) throws Exception {
    Fleet fleet = Fleet.mute(workers, config, info -> info.withPacking(PACKING));
    fleet.join();
    return fleet;
  }

  private static Future<Object> receive(
      Fleet fleet, int worker, List<TensorSpec> specs, WeightLoader loader) {
    return fleet.start(
        () -> {
          var engine = fleet.workers.get(worker);
          engine.startWeightUpdate();
          Object report = engine.receiveWeights(BroadcastUpdateInfo.of(specs), loader);
          engine.finishWeightUpdate();
          return report;
        });
  }

  private static List<Tensor> weights(long seed) {
    return RandomModel.filled(SPECS, new Random(seed));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void everybodyAcknowledgesAndHearsTheVersion(int workers) throws Exception {
    try (Fleet fleet = mute(workers, CONFIG.withChecksums(true))) {
      for (int step = 1; step <= 20; step++) {
        Optional<String> version =
            step % 2 == 0 ? Optional.of("Schritt ü-" + step) : Optional.empty();
        List<List<Tensor>> held = new ArrayList<>();
        List<Future<Object>> receiving = new ArrayList<>();
        for (int i = 0; i < workers; i++) {
          held.add(RandomModel.blank(SPECS));
          receiving.add(receive(fleet, i, SPECS, CopyingWeightLoader.into(held.get(i))));
        }
        SendOptions plain = SendOptions.defaults();
        TransferReport report =
            fleet.trainer.sendWeights(
                WeightSource.of(weights(step)), version.map(plain::withVersion).orElse(plain));
        Fleet.awaitAll(receiving);
        assertThat(report.acknowledged()).hasSize(workers);
        assertThat(report.unacknowledged()).isEmpty();
        for (int i = 0; i < workers; i++) {
          assertThat(ExplorerVerdict.firstDifference(weights(step), held.get(i))).isEmpty();
          if (version.isPresent()) {
            assertThat(fleet.workers.get(i).weightStatus())
                .isEqualTo(new WeightStatus(version.get(), Set.of(), Optional.empty()));
          }
        }
      }
    }
  }

  @Test
  void theFirstThatDiffersIsNamedToAllAndTheOthersAreMentioned() throws Exception {
    try (Fleet fleet = mute(3, CONFIG)) {
      List<TensorSpec> other = List.of(SPECS.get(0), SPECS.get(1), spec("c", 91));
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        all.add(receive(fleet, i, i == 0 ? SPECS : other, (views, stream, deadline) -> {}));
      }
      all.add(fleet.start(() -> fleet.trainer.sendWeights(WeightSource.of(weights(1)))));
      for (Future<?> each : all) {
        TransferMismatchException e =
            catchThrowableOfType(TransferMismatchException.class, () -> Fleet.result(each));
        assertThat(e.rank()).isEqualTo(2);
        assertThat(e)
            .hasMessageContaining("rank 2 differs from rank 0, the root: tensor 3 differs in shape")
            .hasMessageContaining("different from the root too: rank 3");
      }
    }
  }

  @Test
  void listsThatAreLargerThanTheScratchMemoryAreCompared() throws Exception {
    Random random = new Random(3);
    List<TensorSpec> many = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      many.add(spec("layers." + i + "." + Long.toHexString(random.nextLong()) + ".wéight", 1));
    }
    List<TensorSpec> told = new ArrayList<>(many);
    told.set(19_999, new TensorSpec(many.get(19_999).name(), DataType.INT8, Shape.of(1)));
    try (Fleet fleet = mute(1, CONFIG)) {
      Future<?> worker = receive(fleet, 0, told, (views, stream, deadline) -> {});
      WeightSource source = WeightSource.of(RandomModel.filled(many, random));
      assertThatThrownBy(() -> fleet.trainer.sendWeights(source))
          .isInstanceOf(TransferMismatchException.class)
          .hasMessageContaining("tensor 20000 differs in dtype");
      assertThatThrownBy(() -> Fleet.result(worker))
          .hasMessageContaining("tensor 20000 differs in dtype");
    }
  }

  @Test
  void ranksThatWereToldDifferentChecksumsSaySo() throws Exception {
    WeightTransferConfig[] next = {CONFIG.withChecksums(true), CONFIG};
    try (Fleet checked = Fleet.mute(1, next[0], info -> info.withPacking(PACKING));
        Fleet plain = Fleet.mute(1, next[1], info -> info.withPacking(PACKING))) {
      plain.info = checked.info;
      Future<?> worker =
          plain.start(
              () -> {
                plain.initWorker(0);
                return Fleet.result(receive(plain, 0, SPECS, (views, stream, deadline) -> {}));
              });
      checked.initTrainer();
      String text = "checksums is true at rank 0 and false at rank 1";
      assertThatThrownBy(() -> checked.trainer.sendWeights(WeightSource.of(weights(1))))
          .isInstanceOf(TransferMismatchException.class)
          .hasMessageContaining(text);
      assertThatThrownBy(() -> Fleet.result(worker)).hasMessageContaining(text);
    }
  }

  @Test
  void aTrainerFailsWhenALoaderDoes() throws Exception {
    try (Fleet fleet = mute(2, CONFIG)) {
      List<Tensor> held = RandomModel.blank(SPECS);
      Future<?> failing =
          receive(
              fleet,
              0,
              SPECS,
              (views, stream, deadline) -> {
                throw new IllegalStateException("no space");
              });
      Future<?> other = receive(fleet, 1, SPECS, CopyingWeightLoader.into(held));
      assertThatThrownBy(() -> fleet.trainer.sendWeights(WeightSource.of(weights(1))))
          .isInstanceOf(TransferException.class)
          .hasMessageContaining("has left the group");
      assertThatThrownBy(() -> Fleet.result(failing)).hasMessageContaining("the loader: no space");
      assertThat(fleet.workers.get(0).weightStatus().isMixed()).isTrue();
      Throwable failure = catchThrowable(() -> Fleet.result(other));
      if (failure == null) { // it had everything before the first one failed
        assertThat(ExplorerVerdict.firstDifference(weights(1), held)).isEmpty();
      } else {
        assertThat(failure).isInstanceOf(TransferException.class);
      }
    }
  }

  @Test
  void whoeverIsNotThereForTheAgreementIsWaitedForUntilTheDeadline() throws Exception {
    try (Fleet fleet = mute(2, SHORT)) {
      Future<?> worker = receive(fleet, 0, SPECS, (views, stream, deadline) -> {});
      TransferTimeoutException e =
          catchThrowableOfType(
              TransferTimeoutException.class,
              () -> fleet.trainer.sendWeights(WeightSource.of(weights(1))));
      assertThat(e.phase()).isEqualTo(TransferPhase.AGREEMENT);
      assertThat(e).hasMessageNotContaining("Weightcast's own");
      assertThatThrownBy(() -> Fleet.result(worker)).isInstanceOf(TransferException.class);
      assertThat(fleet.workers.get(0).weightStatus().isMixed()).isFalse();
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the loader's own deadline is over
    }
  }

  /** With checksums the trainer says something first, and waits in that for the slow one too. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aTrainerThatWaitsForASlowWorkerIsInTheAcknowledgement(boolean checksums) throws Exception {
    CountDownLatch goOn = new CountDownLatch(1);
    WeightTransferConfig config =
        CONFIG.withTimeout(Duration.ofSeconds(2)); // all else is done by then
    try (Fleet fleet = mute(1, config.withChecksums(checksums))) {
      Future<?> worker =
          receive(
              fleet,
              0,
              SPECS,
              (views, stream, deadline) -> {
                if (views.stream().anyMatch(view -> view.name().equals("c"))) {
                  awaitQuietly(goOn);
                }
              });
      TransferTimeoutException e =
          catchThrowableOfType(
              TransferTimeoutException.class,
              () -> fleet.trainer.sendWeights(WeightSource.of(weights(1))));
      goOn.countDown();
      assertThat(e.phase()).isEqualTo(TransferPhase.ACKNOWLEDGEMENT);
      assertThat(e.bytesDone()).isEqualTo(177);
      assertThatThrownBy(() -> Fleet.result(worker)).isInstanceOf(TransferException.class);
    }
  }

  /** Bucket 0 is the warm-up; then come a note of each rank and the only bucket. */
  @Test
  void bytesThatChangeOnTheirWayAreFound() throws Exception {
    try (Fleet fleet =
        Fleet.mute(
            1, CONFIG.withChecksums(true), info -> info.withPacking(Packing.packed(1000, 1)))) {
      try (FaultInjection faults = FaultPlan.builder().corrupt(1, 3).build().injectAt(fleet.info)) {
        fleet.join();
        Future<?> worker =
            receive(fleet, 0, SPECS, CopyingWeightLoader.into(RandomModel.blank(SPECS)));
        assertThatThrownBy(() -> fleet.trainer.sendWeights(WeightSource.of(weights(1))))
            .isInstanceOf(TransferException.class);
        assertThatThrownBy(() -> Fleet.result(worker))
            .isInstanceOf(ChecksumMismatchException.class);
        assertThat(faults.notInjected()).isEmpty();
      }
    }
  }

  /** The trainer may be gone as soon as it has heard all: that takes nothing away from a worker. */
  @Test
  void whoeverHasAcknowledgedHasSucceeded() throws Exception {
    for (int round = 0; round < 50; round++) {
      try (Fleet fleet = mute(3, CONFIG)) {
        List<Future<Object>> receiving = new ArrayList<>();
        List<List<Tensor>> held = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
          held.add(RandomModel.blank(SPECS));
          receiving.add(receive(fleet, i, SPECS, CopyingWeightLoader.into(held.get(i))));
        }
        fleet.trainer.sendWeights(WeightSource.of(weights(round)));
        fleet.trainer.close();
        Fleet.awaitAll(receiving);
        for (List<Tensor> each : held) {
          assertThat(ExplorerVerdict.firstDifference(weights(round), each)).isEmpty();
        }
      }
    }
  }

  @Test
  void withOneForeignRankNothingIsSaidBesideTheWeights() throws Exception {
    try (Fleet fleet = Fleet.withoutChannel(1, CONFIG, info -> info.withPacking(PACKING))) {
      List<Tensor> held = RandomModel.blank(SPECS);
      Future<?> worker = receive(fleet, 0, SPECS, CopyingWeightLoader.into(held));
      TransferReport report = fleet.trainer.sendWeights(WeightSource.of(weights(1)));
      Fleet.result(worker);
      assertThat(report.acknowledged()).isEmpty();
      assertThat(report.unacknowledged()).containsExactly(1);
      assertThat(ExplorerVerdict.firstDifference(weights(1), held)).isEmpty();
    }
  }
}
