package dev.weightcast.cli;

import dev.weightcast.cli.BenchResult.Measured;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** A measurement for a person. */
final class BenchTable {

  private static final int LABEL = 22;
  private static final int CELL = 11;

  private final BenchResult result;
  private final List<String> lines = new ArrayList<>();

  private BenchTable(BenchResult result) {
    this.result = result;
  }

  static List<String> of(BenchResult result) {
    return new BenchTable(result).lines();
  }

  private List<String> lines() {
    row("", each -> each.step().name());
    row("GB/s", each -> text("%.2f", each.gigabytesPerSecond()));
    result
        .raw()
        .ifPresent(
            raw ->
                row(
                    "of the raw broadcast",
                    each -> text("%.2f", each.gigabytesPerSecond() / raw.gigabytesPerSecond())));
    row("best GB/s", each -> text("%.2f", best(each)));
    row("broadcasts", each -> String.valueOf(each.median().buckets()));
    lines.add("");
    lines.add("seconds a round (median)");
    seconds("  plan", StageClock.Stages::plan);
    seconds("  first bucket", StageClock.Stages::firstBucket);
    seconds("  further buckets", StageClock.Stages::further);
    seconds("  finish", StageClock.Stages::finish);
    seconds("  whole", StageClock.Stages::whole);
    lines.add("");
    lines.add("seconds once");
    result
        .once()
        .forEach(
            (what, seconds) ->
                lines.add(pad("  " + what, LABEL) + right(text("%.4f", seconds), CELL)));
    return lines;
  }

  private static double best(Measured each) {
    double least =
        each.rounds().stream().mapToDouble(StageClock.Stages::whole).min().orElse(Double.NaN);
    return each.step().bytes() / least / 1e9;
  }

  private void seconds(String label, ToDoubleFunction<StageClock.Stages> stage) {
    row(label, each -> text("%.4f", stage.applyAsDouble(each.median())));
  }

  private void row(String label, Function<Measured, String> cell) {
    StringBuilder line = new StringBuilder(pad(label, LABEL));
    result.columns().forEach(each -> line.append(right(cell.apply(each), CELL)));
    lines.add(line.toString());
  }

  private static String pad(String text, int width) {
    return text + " ".repeat(Math.max(0, width - text.length()));
  }

  private static String right(String text, int width) {
    return " ".repeat(Math.max(1, width - text.length())) + text;
  }

  private static String text(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }
}
