package dev.weightcast.spi.collective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.Deadline;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class WatchdogTest {

  private final AtomicLong now = new AtomicLong();
  private final Deadline deadline = Deadline.after(Duration.ofMinutes(5), now::get);
  private final AtomicInteger acted = new AtomicInteger();

  @Test
  void aBlockedThreadIsInterruptedOnceTheDeadlineHasPassed() {
    Watchdog watchdog =
        Watchdog.arm(deadline, () -> false, acted::incrementAndGet, "test-watchdog");
    now.addAndGet(Duration.ofMinutes(6).toNanos());
    CountDownLatch never = new CountDownLatch(1);
    assertThatThrownBy(never::await).isInstanceOf(InterruptedException.class);
    assertThat(watchdog.disarm()).isTrue();
    assertThat(acted.get()).isPositive();
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
  }

  @Test
  void aThreadThatSwallowsTheInterruptionIsInterruptedAgain() {
    Watchdog watchdog =
        Watchdog.arm(deadline, () -> false, acted::incrementAndGet, "test-watchdog");
    deadline.cancel("enough");
    CountDownLatch never = new CountDownLatch(1);
    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(never::await).isInstanceOf(InterruptedException.class);
    }
    watchdog.disarm();
    assertThat(acted.get()).isGreaterThanOrEqualTo(3);
  }

  @Test
  void anInterruptionBySomebodyElseIsLeftAlone() {
    Watchdog watchdog =
        Watchdog.arm(deadline, () -> false, acted::incrementAndGet, "test-watchdog");
    Thread.currentThread().interrupt();
    deadline.cancel("enough");
    while (acted.get() < 2) {
      Thread.onSpinWait();
    }
    assertThat(watchdog.hasInterrupted()).isFalse();
    assertThat(watchdog.disarm()).isTrue();
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void troubleInterruptsAsTheDeadlineDoes() {
    AtomicBoolean trouble = new AtomicBoolean();
    Watchdog watchdog = Watchdog.arm(deadline, trouble::get, acted::incrementAndGet, "test");
    trouble.set(true);
    CountDownLatch never = new CountDownLatch(1);
    assertThatThrownBy(never::await).isInstanceOf(InterruptedException.class);
    trouble.set(false);
    assertThat(watchdog.hasInterrupted()).isTrue();
    assertThat(watchdog.disarm()).isTrue();
    assertThat(Thread.interrupted()).isFalse();
  }

  @RepeatedTest(300)
  void nothingHappensAfterDisarm() {
    Watchdog watchdog =
        Watchdog.arm(deadline, () -> false, acted::incrementAndGet, "test-watchdog");
    deadline.cancel("at the last moment");
    watchdog.disarm();
    int before = acted.get();
    Thread.yield();
    assertThat(acted).hasValue(before);
    assertThat(Thread.interrupted()).isFalse();
  }
}
