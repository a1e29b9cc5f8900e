package dev.weightcast.cli;

import dev.weightcast.api.TransferListener;
import dev.weightcast.api.TransferPlan;
import dev.weightcast.api.TransferProgress;
import java.time.Duration;
import java.util.Locale;

/**
 * Shows how a transfer goes: on a terminal one line that is drawn over, in a log a line for each
 * tenth or ten seconds.
 */
final class ProgressMeter implements TransferListener {

  private static final long REDRAW_NANOS = Duration.ofMillis(100).toNanos();
  private static final long LOG_NANOS = Duration.ofSeconds(10).toNanos();

  private final Terminal terminal;
  private final String verb;
  private String round = "";
  private String drawn = "";
  private int tenths;
  private long last;

  /**
   * A meter.
   *
   * @param verb what the bytes are: sent, received
   */
  ProgressMeter(Terminal terminal, String verb) {
    this.terminal = terminal;
    this.verb = verb;
  }

  /** The next round begins. */
  synchronized void round(int number, int rounds) {
    round = rounds == 1 ? "" : "round " + number + " of " + rounds + ": ";
    tenths = 0;
    last = System.nanoTime() - REDRAW_NANOS;
  }

  @Override
  public synchronized void planned(TransferPlan plan) {
    clear();
    terminal.remark(
        round
            + plan.tensors()
            + " tensors, "
            + ByteSize.text(plan.bytes())
            + ", in "
            + plan.buckets()
            + " broadcasts; buffers take up to "
            + ByteSize.text(plan.bufferBytes()));
  }

  @Override
  public synchronized void progressed(TransferProgress progress) {
    long now = System.nanoTime();
    double share = progress.bytes() == 0 ? 1 : (double) progress.bytesDone() / progress.bytes();
    boolean end = progress.bucketsDone() == progress.buckets();
    if (terminal.redraws()) {
      if (end || now - last >= REDRAW_NANOS) {
        last = now;
        draw(line(share, progress));
      }
    } else if ((int) (share * 10) > tenths || now - last >= LOG_NANOS) {
      tenths = (int) (share * 10);
      last = now;
      terminal.remark(line(share, progress));
    }
  }

  private String line(double share, TransferProgress progress) {
    double seconds = progress.elapsed().toNanos() / 1e9;
    double rate = seconds == 0 ? 0 : progress.bytesDone() / seconds;
    String rest =
        progress.bytesDone() == progress.bytes()
            ? "in " + TimeSpan.text(progress.elapsed())
            : rate == 0
                ? "time left unknown"
                : String.format(
                    Locale.ROOT, "%.0f s left", (progress.bytes() - progress.bytesDone()) / rate);
    return String.format(
        Locale.ROOT,
        "%s%s %3d %%  %s of %s  bucket %d of %d  %.2f GB/s  %s",
        round,
        verb,
        (int) (share * 100),
        ByteSize.text(progress.bytesDone()),
        ByteSize.text(progress.bytes()),
        progress.bucketsDone(),
        progress.buckets(),
        rate / 1e9,
        rest);
  }

  private void draw(String line) {
    // Padded instead of cleared first: what is the same does not flicker.
    terminal.err().print("\r" + line + " ".repeat(Math.max(0, drawn.length() - line.length())));
    terminal.err().flush();
    drawn = line;
  }

  /** Leaves the line that is drawn over, so that what follows has one of its own. */
  synchronized void clear() {
    if (!drawn.isEmpty()) {
      terminal.err().println();
      terminal.err().flush();
      drawn = "";
    }
  }
}
