package dev.weightcast.backend.loopback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.TransferPhase;
import dev.weightcast.api.TransferTimeoutException;
import dev.weightcast.api.WeightTransferConfig;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

class VirtualClockTest {

  private static final Duration BOUND = Duration.ofSeconds(60);

  private final VirtualClock clock = new VirtualClock();

  @Test
  void aDeadlineOnItPassesWhenTheClockIsMovedAndNotBefore() {
    Deadline deadline = Deadline.after(Duration.ofMinutes(5), clock);
    clock.advance(Duration.ofMinutes(5).minusNanos(1));
    assertThat(deadline.isExpired()).isFalse();
    clock.advance(Duration.ofNanos(1));
    assertThat(deadline.isExpired()).isTrue();
    assertThat(clock.elapsed()).isEqualTo(Duration.ofMinutes(5));
    assertThat(clock).hasToString("VirtualClock[PT5M]");
  }

  @Test
  void itDoesNotGoBack() {
    assertThatThrownBy(() -> clock.advance(Duration.ofNanos(-1)))
        .isInstanceOf(InvalidInfoException.class)
        .hasMessage("a clock does not go back: advance by PT-0.000000001S");
  }

  @Test
  void theDefaultDeadlineOfFiveMinutesPassesForARankThatWaitsForAnother() throws Exception {
    long start = System.nanoTime();
    WeightTransferConfig config = WeightTransferConfig.defaults().withTimeSource(clock);
    assertThat(config.timeout()).isEqualTo(Duration.ofMinutes(5));
    try (Fleet fleet = new Fleet(2, config, info -> info)) {
      Future<Object> trainer = fleet.start(fleet::initTrainer);
      Future<Object> worker = fleet.start(() -> fleet.initWorker(0));
      clock.advanceUntil(() -> trainer.isDone() && worker.isDone(), Duration.ofMinutes(1), BOUND);
      TransferTimeoutException e =
          catchThrowableOfType(TransferTimeoutException.class, () -> Fleet.result(trainer));
      assertThat(e.timeout()).isEqualTo(Duration.ofMinutes(5));
      assertThat(e.phase()).isEqualTo(TransferPhase.RENDEZVOUS);
      assertThat(e.missingRanks()).contains(2);
    }
    assertThat(clock.elapsed()).isGreaterThanOrEqualTo(Duration.ofMinutes(5));
    assertThat(Duration.ofNanos(System.nanoTime() - start))
        .as("real time")
        .isLessThan(Duration.ofMinutes(1));
  }

  @Test
  void whatNeverComesAboutIsToldInRealTime() {
    assertThatThrownBy(
            () -> clock.advanceUntil(() -> false, Duration.ofSeconds(1), Duration.ofMillis(50)))
        .isInstanceOf(TimeoutException.class)
        .hasMessageContaining("in PT0.05S of real time");
  }
}
