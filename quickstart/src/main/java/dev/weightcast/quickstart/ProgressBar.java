package dev.weightcast.quickstart;

import dev.weightcast.api.TransferListener;
import dev.weightcast.api.TransferPlan;
import dev.weightcast.api.TransferProgress;
import java.util.Locale;

/** Shows how far a transfer is: a bar on a terminal, otherwise a line each tenth of the way. */
final class ProgressBar implements TransferListener, AutoCloseable {

  private static final int WIDTH = 40;

  private final Screen screen;
  private String drawn = "";
  private int tenths;

  ProgressBar(Screen screen) {
    this.screen = screen;
  }

  @Override
  public synchronized void planned(TransferPlan plan) {
    screen
        .out()
        .printf(
            Locale.ROOT,
            "sending %d tensors, %s, in %d broadcasts; buffers take %s a rank%n",
            plan.tensors(),
            megabytes(plan.bytes()),
            plan.buckets(),
            megabytes(plan.bufferBytes()));
  }

  @Override
  public synchronized void progressed(TransferProgress progress) {
    double share = progress.bytes() == 0 ? 1 : (double) progress.bytesDone() / progress.bytes();
    if (screen.terminal()) {
      draw(bar(share) + "  " + amount(share, progress));
    } else if ((int) (share * 10) > tenths) {
      tenths = (int) (share * 10);
      screen.out().println("sent " + amount(share, progress));
    }
  }

  private void draw(String line) {
    if (!line.equals(drawn)) {
      // Padded, so that nothing of a longer line before it stays
      screen.out().print("\r" + line + " ".repeat(Math.max(0, drawn.length() - line.length())));
      screen.out().flush();
      drawn = line;
    }
  }

  private static String bar(double share) {
    int full = (int) (share * WIDTH);
    return "[" + "#".repeat(full) + ".".repeat(WIDTH - full) + "]";
  }

  private static String amount(double share, TransferProgress progress) {
    return String.format(
        Locale.ROOT,
        "%3d %%  %s of %s",
        (int) (share * 100),
        megabytes(progress.bytesDone()),
        megabytes(progress.bytes()));
  }

  private static String megabytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
  }

  /** Leaves the bar's line, so that what follows has one of its own. */
  @Override
  public synchronized void close() {
    if (!drawn.isEmpty()) {
      screen.out().println();
      drawn = "";
    }
  }
}
