package dev.weightcast.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class DeadlineTest {

  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 10);
  private final Deadline deadline = Deadline.after(Duration.ofSeconds(3), now::get);

  @Test
  void timeRunsOutOnItsOwnClockAlsoWhenThatWrapsAround() {
    assertThat(deadline.remaining()).isEqualTo(Duration.ofSeconds(3));
    assertThat(deadline.slice()).isEqualTo(Deadline.MAX_SLICE);
    now.addAndGet(Duration.ofMillis(2995).toNanos());
    assertThat(deadline.slice()).isEqualTo(Duration.ofMillis(5));
    assertThat(deadline.isOver()).isFalse();
    now.addAndGet(Duration.ofMillis(5).toNanos());
    assertThat(deadline.isExpired()).isTrue();
    assertThat(deadline.slice()).isZero();
    assertThat(deadline.elapsed()).isEqualTo(Duration.ofSeconds(3));
  }

  @Test
  void cancellingEndsItWithTheFirstReason() {
    deadline.cancel("closed");
    deadline.cancel("later");
    assertThat(deadline.isOver()).isTrue();
    assertThat(deadline.isExpired()).isFalse();
    assertThat(deadline.cancellation()).contains("closed");
  }

  @Test
  void aDeadlineIsNeverInfiniteAndNeverNothing() {
    assertThatThrownBy(() -> Deadline.after(Duration.ZERO))
        .hasMessageContaining("longer than zero and at most 7 days, never infinite");
    assertThatThrownBy(() -> Deadline.after(Duration.ofSeconds(Long.MAX_VALUE)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> WeightTransferConfig.defaults().withTimeout(Duration.ofDays(8)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
