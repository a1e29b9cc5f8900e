package dev.weightcast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.api.TransferPlan;
import dev.weightcast.api.TransferProgress;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ProgressMeterTest {

  private static final long BYTES = 16_000_000_000L;

  @Test
  void aLogGetsALineForEachTenth() {
    Shell shell = Shell.ofLog();
    ProgressMeter meter = new ProgressMeter(shell.terminal(), "sent");
    meter.round(1, 1);
    run(meter);
    assertThat(shell.err().lines())
        .hasSize(11)
        .startsWith("291 tensors, 16.0 GB, in 160 broadcasts; buffers take up to 2.1 GB")
        .contains("sent  50 %  8.0 GB of 16.0 GB  bucket 80 of 160  4.00 GB/s  2 s left")
        .endsWith("sent 100 %  16.0 GB of 16.0 GB  bucket 160 of 160  4.00 GB/s  in 4.000 s");
    assertThat(shell.err()).doesNotContain("\r");
  }

  @Test
  void aTerminalGetsOneLineThatIsDrawnOver() {
    Shell shell = Shell.ofTerminal();
    ProgressMeter meter = new ProgressMeter(shell.terminal(), "received");
    meter.round(2, 3);
    run(meter);
    meter.clear();
    assertThat(shell.err().lines().toList().get(0)).startsWith("round 2 of 3: 291 tensors");
    String drawn = shell.err().substring(shell.err().indexOf('\r'));
    assertThat(drawn).startsWith("\rround 2 of 3: received ").endsWith("in 4.000 s\n");
    assertThat(drawn.strip()).doesNotContain("\n");
    // What is shorter than what was there before covers it.
    String[] frames = drawn.strip().split("\r");
    for (int i = 1; i < frames.length; i++) {
      assertThat(frames[i].length()).isGreaterThanOrEqualTo(frames[i - 1].stripTrailing().length());
    }
  }

  @Test
  void nothingToMoveIsNoDivisionByZero() {
    Shell shell = Shell.ofLog();
    ProgressMeter meter = new ProgressMeter(shell.terminal(), "sent");
    meter.round(1, 1);
    meter.progressed(new TransferProgress(1, 1, 0, 0, Duration.ZERO));
    assertThat(shell.err()).contains("sent 100 %  0 B of 0 B").doesNotContain("NaN");
  }

  private static void run(ProgressMeter meter) {
    meter.planned(new TransferPlan(291, BYTES, 160, 1 << 30, 2L << 30));
    for (int bucket = 1; bucket <= 160; bucket++) {
      meter.progressed(
          new TransferProgress(
              bucket, 160, BYTES / 160 * bucket, BYTES, Duration.ofMillis(25L * bucket)));
    }
  }
}
