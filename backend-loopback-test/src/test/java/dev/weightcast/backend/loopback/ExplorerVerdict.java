package dev.weightcast.backend.loopback;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.api.ChecksumMismatchException;
import dev.weightcast.api.EngineState;
import dev.weightcast.api.EngineStateException;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferMismatchException;
import dev.weightcast.api.WeightStatus;
import dev.weightcast.api.WeightTransferException;
import dev.weightcast.backend.loopback.Fault.Kind;
import dev.weightcast.backend.loopback.Schedule.Mishap;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Whether what the ranks of a round came to is what the faults allow. */
final class ExplorerVerdict {

  private final Schedule schedule;
  private final List<FaultRecord> log;
  private final Fleet fleet;
  private final List<RankRun> runs;
  private final List<List<Tensor>> held;

  ExplorerVerdict(
      Schedule schedule,
      FaultInjection faults,
      Fleet fleet,
      List<RankRun> runs,
      List<List<Tensor>> held) {
    this.schedule = schedule;
    this.log = faults.log();
    this.fleet = fleet;
    this.runs = runs;
    this.held = held;
  }

  void check() {
    runs.forEach(this::checkTold);
    runs.forEach(this::checkState);
    checkFaultsWereFelt();
    checkMishap();
    if (log.stream().noneMatch(this::isHarm) && schedule.mishap == Mishap.NOTHING) {
      runs.forEach(run -> assertThat(run.failure).as("rank %s unharmed", run.rank).isNull());
    }
    checkCorruption();
    checkAcknowledgement();
    runs.stream().skip(1).forEach(this::checkBytes);
    runs.stream().skip(1).forEach(this::checkStatus);
  }

  /** Faults after which the rank's own operation cannot have succeeded. */
  private boolean isHarm(FaultRecord line) {
    return switch (line.fault().kind()) {
      case DELAY, REORDER, SLOW_LOADER, LATE -> false;
      case CORRUPT -> schedule.checksums;
      case STOP -> line.fault().isEndless();
      default -> true;
    };
  }

  private void checkTold(RankRun run) {
    Throwable failure = run.failure;
    if (failure == null) {
      return;
    }
    assertThat(failure)
        .as("rank %s", run.rank)
        .isInstanceOf(WeightTransferException.class)
        .message()
        .isNotBlank()
        .doesNotContain("null");
    if (failure instanceof TransferException told) {
      assertThat(failure)
          .as("rank %s", run.rank)
          .hasMessageContaining("rank " + run.rank + " of " + (schedule.workers + 1))
          .hasMessageContaining(told.phase().toString());
    }
    if (failure instanceof EngineStateException) {
      assertThat(isClosed(run.rank)).as("rank %s: %s", run.rank, failure).isTrue();
    }
  }

  private EngineState state(int rank) {
    return rank == 0 ? fleet.trainer.state() : fleet.workers.get(rank - 1).state();
  }

  private boolean isClosed(int rank) {
    return state(rank) == EngineState.CLOSED;
  }

  private void checkState(RankRun run) {
    if (!isClosed(run.rank)) {
      assertThat(state(run.rank))
          .as("state of rank %s", run.rank)
          .isEqualTo(run.failure == null ? EngineState.READY : EngineState.FAILED);
    }
  }

  private void checkFaultsWereFelt() {
    for (FaultRecord line : log) {
      if (isHarm(line) && !maySpareTheRank(line)) {
        assertThat(runs.get(line.fault().rank()).failure).as("felt %s", line).isNotNull();
      }
    }
  }

  /**
   * Without a channel the last collective is the acknowledgement: the rank holds everything then.
   */
  private boolean maySpareTheRank(FaultRecord line) {
    return schedule.mute
        && switch (line.fault().kind()) {
          case DROP, KILL, KILL_SILENTLY, STOP -> true;
          default -> false;
        };
  }

  private void checkMishap() {
    Throwable send = runs.get(0).failure;
    RankRun victim = runs.get(schedule.victim + 1);
    boolean alone = log.stream().noneMatch(this::isHarm);
    switch (schedule.mishap) {
      case LOADER_THROWS -> {
        if (alone) {
          assertThat(victim.failure).hasMessageContaining("no such layer");
        }
      }
      case SOURCE_THROWS, SOURCE_DIFFERS -> {
        if (alone) {
          String text =
              schedule.mishap == Mishap.SOURCE_THROWS ? "shard lost" : "the source yields 'other'";
          assertThat(send).hasMessageContaining(text);
          runs.forEach(run -> assertThat(run.failure).as("rank %s", run.rank).isNotNull());
        }
      }
      case WORKER_NEVER_RECEIVES -> assertThat(send).isNotNull();
      case SPECS_DIFFER -> {
        assertThat(send).isNotNull();
        if (alone) {
          runs.forEach(
              run ->
                  assertThat(run.failure)
                      .as("rank %s", run.rank)
                      .isInstanceOf(TransferMismatchException.class)
                      .hasMessageContaining("rank " + (schedule.victim + 1) + " differs"));
        }
      }
      case TRAINER_NEVER_SENDS ->
          runs.stream().skip(1).forEach(run -> assertThat(run.failure).isNotNull());
      case WORKER_IS_INTERRUPTED -> checkInterruption(victim);
      case TRAINER_IS_INTERRUPTED -> checkInterruption(runs.get(0));
      case NOTHING, WORKER_CLOSES, TRAINER_CLOSES -> {} // a close may come after the end
    }
  }

  private static void checkInterruption(RankRun run) {
    Throwable failure = run.failure;
    if (failure != null
        && String.valueOf(failure.getMessage()).contains("its thread was interrupted")) {
      assertThat(run.wasInterrupted).as("the flag of rank %s is set again", run.rank).isTrue();
    }
  }

  /** Where nothing else was wrong, wrong bytes are what the worker tells of. */
  private void checkCorruption() {
    List<FaultRecord> harms = log.stream().filter(this::isHarm).toList();
    boolean only = harms.stream().allMatch(line -> line.fault().kind() == Kind.CORRUPT);
    if (only && !harms.isEmpty() && schedule.mishap == Mishap.NOTHING) {
      assertThat(harms)
          .anyMatch(
              line ->
                  runs.get(line.fault().rank()).failure instanceof ChecksumMismatchException told
                      && told.bucket() >= line.fault().at());
    }
  }

  /** A trainer succeeds only if every worker has everything; then one may still be closed. */
  private void checkAcknowledgement() {
    boolean sent = runs.get(0).failure == null && schedule.mishap != Mishap.TRAINER_NEVER_SENDS;
    if (sent) {
      for (RankRun run : runs) {
        assertThat(run.failure)
            .as("rank %s, and the trainer succeeded", run.rank)
            .matches(failure -> failure == null || failure instanceof EngineStateException);
      }
    }
  }

  /** A version is current only after an update that succeeded; what it may have left is mixed. */
  private void checkStatus(RankRun run) {
    WeightStatus status = fleet.workers.get(run.rank - 1).weightStatus();
    if (run.failure == null && !skips(run)) {
      assertThat(status)
          .as("rank %s", run.rank)
          .isEqualTo(new WeightStatus(ExplorerRound.WITH_FAULTS, Set.of(), Optional.empty()));
      return;
    }
    assertThat(status.version()).as("rank %s", run.rank).isEqualTo(WeightStatus.DEFAULT_VERSION);
    for (Tensor tensor : held.get(run.rank - 1)) {
      byte[] bytes = RandomModel.bytes(tensor);
      if (!Arrays.equals(bytes, new byte[bytes.length])) {
        assertThat(status.mixedTensors())
            .as("rank %s with %s: %s", run.rank, run.failure, status)
            .contains(tensor.spec().name());
      }
    }
  }

  private boolean skips(RankRun run) {
    return schedule.mishap == Mishap.WORKER_NEVER_RECEIVES && run.rank == schedule.victim + 1;
  }

  /**
   * A worker that succeeded has the trainer's bytes, but for bits that the log says were flipped.
   */
  private void checkBytes(RankRun run) {
    if (run.failure != null || skips(run)) {
      return;
    }
    boolean corrupted =
        log.stream()
            .anyMatch(
                line -> line.fault().kind() == Kind.CORRUPT && line.fault().rank() == run.rank);
    Optional<String> difference = firstDifference(schedule.weights, held.get(run.rank - 1));
    assertThat(difference.isPresent())
        .as("rank %s succeeded, corrupted: %s, difference: %s", run.rank, corrupted, difference)
        .isEqualTo(corrupted);
  }

  static Optional<String> firstDifference(List<Tensor> sent, List<Tensor> got) {
    for (int i = 0; i < sent.size(); i++) {
      if (!Arrays.equals(RandomModel.bytes(sent.get(i)), RandomModel.bytes(got.get(i)))) {
        return Optional.of(sent.get(i).spec().toString());
      }
    }
    return Optional.empty();
  }

  /** Whose process would be gone, or whose device is broken, or who has closed. */
  Set<Integer> ranksToReplace() {
    Set<Integer> ranks = new TreeSet<>();
    for (FaultRecord line : log) {
      switch (line.fault().kind()) {
        case KILL, KILL_SILENTLY, KILL_IN_RENDEZVOUS, BREAK_DEVICE ->
            ranks.add(line.fault().rank());
        default -> {}
      }
    }
    runs.stream().map(run -> run.rank).filter(this::isClosed).forEach(ranks::add);
    return ranks;
  }
}
