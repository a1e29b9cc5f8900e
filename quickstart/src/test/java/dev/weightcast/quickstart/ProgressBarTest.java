package dev.weightcast.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.api.TransferPlan;
import dev.weightcast.api.TransferProgress;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ProgressBarTest {

  @Test
  void onATerminalOneLineIsDrawnOverAndOver() {
    TestScreen screen = new TestScreen(true);
    try (ProgressBar bar = new ProgressBar(screen.screen)) {
      bar.progressed(at(50_000_000, 100_000_000));
      bar.progressed(at(100_000_000, 100_000_000));
    }

    assertThat(screen.out())
        .isEqualTo(
            "\r["
                + "#".repeat(20)
                + ".".repeat(20)
                + "]   50 %  50.0 MB of 100.0 MB"
                + ("\r[" + "#".repeat(40) + "]  100 %  100.0 MB of 100.0 MB")
                + System.lineSeparator());
  }

  @Test
  void aShorterLineLeavesNothingOfTheLongerOne() {
    TestScreen screen = new TestScreen(true);
    try (ProgressBar bar = new ProgressBar(screen.screen)) {
      bar.progressed(at(100_000_000, 100_000_000));
      bar.progressed(at(0, 1_000_000));
    }

    String[] drawn = screen.out().replace(System.lineSeparator(), "").split("\r");
    assertThat(drawn[2]).startsWith("[..").hasSameSizeAs(drawn[1]);
  }

  @Test
  void elsewhereThereIsALineEachTenthOfTheWay() {
    TestScreen screen = new TestScreen(false);
    try (ProgressBar bar = new ProgressBar(screen.screen)) {
      for (int i = 1; i <= 1000; i++) {
        bar.progressed(at(i * 1000L, 1_000_000));
      }
    }

    assertThat(screen.lines())
        .hasSize(10)
        .startsWith("sent  10 %  0.1 MB of 1.0 MB")
        .endsWith("sent 100 %  1.0 MB of 1.0 MB");
  }

  @Test
  void aTransferOfNothingIsCompleteAtOnce() {
    TestScreen screen = new TestScreen(false);
    try (ProgressBar bar = new ProgressBar(screen.screen)) {
      bar.progressed(at(0, 0));
    }

    assertThat(screen.lines()).containsExactly("sent 100 %  0.0 MB of 0.0 MB");
  }

  @Test
  void thePlanIsToldBeforehand() {
    TestScreen screen = new TestScreen(true);
    try (ProgressBar bar = new ProgressBar(screen.screen)) {
      bar.planned(new TransferPlan(7, 3_000_000, 2, 2_000_000, 4_000_000));
    }

    assertThat(screen.lines())
        .containsExactly("sending 7 tensors, 3.0 MB, in 2 broadcasts; buffers take 4.0 MB a rank");
  }

  private static TransferProgress at(long done, long all) {
    return new TransferProgress(1, 2, done, all, Duration.ofSeconds(1));
  }
}
