package dev.weightcast.cli;

import dev.weightcast.cli.BenchResult.Measured;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** Draws a measurement: bandwidth against tensor size on the left, time a stage on the right. */
final class BenchPicture {

  private static final int WIDTH = 1040;
  private static final int HEIGHT = 430;
  private static final int TOP = 70;
  private static final int BOTTOM = 350;
  private static final int LEFT = 70;
  private static final int MIDDLE = 560;
  private static final int SECOND = 720;
  private static final int RIGHT = 1010;

  private static final String RAW = "#6b7280";
  private static final String PACKED = "#1d4ed8";
  private static final String UNPACKED = "#c2410c";

  private record Stage(String name, String colour, ToDoubleFunction<StageClock.Stages> seconds) {}

  private static final List<Stage> STAGES =
      List.of(
          new Stage("plan", "#94a3b8", StageClock.Stages::plan),
          new Stage("first bucket", "#0d9488", StageClock.Stages::firstBucket),
          new Stage("further buckets", "#2563eb", StageClock.Stages::further),
          new Stage("finish", "#a16207", StageClock.Stages::finish));

  private final Svg svg = new Svg(WIDTH, HEIGHT);
  private final BenchResult result;

  private BenchPicture(BenchResult result) {
    this.result = result;
  }

  static String of(String title, BenchResult result) {
    BenchPicture picture = new BenchPicture(result);
    picture.svg.text(LEFT, 24, "start", 15, title);
    picture.bandwidth();
    picture.stages();
    return picture.svg.toString();
  }

  private void bandwidth() {
    List<Measured> packed = result.curve(BenchStep.PACKED);
    List<Measured> unpacked = result.curve(BenchStep.UNPACKED);
    double raw = result.raw().map(Measured::gigabytesPerSecond).orElse(0.0);
    double most = raw;
    for (Measured each : result.curve(BenchStep.PACKED)) {
      most = Math.max(most, each.gigabytesPerSecond());
    }
    for (Measured each : unpacked) {
      most = Math.max(most, each.gigabytesPerSecond());
    }
    Axis y = Axis.upTo(most, BOTTOM, TOP);
    svg.text(LEFT, TOP - 16, "start", 13, "Bandwidth against tensor size");
    grid(y, LEFT, MIDDLE);
    svg.turned(22, (TOP + BOTTOM) / 2, "GB/s (10⁹ bytes a second)");
    svg.text((LEFT + MIDDLE) / 2, BOTTOM + 42, "middle", 12, "size of each tensor (logarithmic)");
    double perStep = packed.size() < 2 ? 0 : (MIDDLE - LEFT - 40.0) / (packed.size() - 1);
    for (int i = 0; i < packed.size(); i++) {
      double x = LEFT + 20 + i * perStep;
      svg.line(x, BOTTOM, x, BOTTOM + 5, "#111827", false);
      svg.text(x, BOTTOM + 20, "middle", 11, ByteSize.binary(packed.get(i).step().pieceBytes()));
    }
    if (packed.isEmpty()) {
      svg.text((LEFT + MIDDLE) / 2, 200, "middle", 12, "the list is too small for a curve");
    }
    svg.line(LEFT, y.at(raw), MIDDLE, y.at(raw), RAW, true);
    curve(packed, perStep, y, PACKED);
    curve(unpacked, perStep, y, UNPACKED);
    legend(LEFT, "packed", PACKED);
    legend(LEFT + 110, "unpacked", UNPACKED);
    legend(LEFT + 235, "raw broadcast of the whole list", RAW);
  }

  private void curve(List<Measured> points, double perStep, Axis y, String colour) {
    StringBuilder path = new StringBuilder();
    for (int i = 0; i < points.size(); i++) {
      double x = LEFT + 20 + i * perStep;
      double at = y.at(points.get(i).gigabytesPerSecond());
      path.append(String.format(Locale.ROOT, "%.1f,%.1f ", x, at));
      svg.dot(x, at, colour);
    }
    svg.polyline(path.toString().strip(), colour);
  }

  private void stages() {
    List<Measured> columns = result.columns();
    double most = columns.stream().mapToDouble(each -> each.median().whole()).max().orElse(1);
    Axis y = Axis.upTo(most, BOTTOM, TOP);
    svg.text(SECOND, TOP - 16, "start", 13, "Time a round, by stage (the whole list)");
    grid(y, SECOND, RIGHT);
    svg.turned(SECOND - 52, (TOP + BOTTOM) / 2, "seconds");
    double slot = (double) (RIGHT - SECOND) / Math.max(1, columns.size());
    for (int i = 0; i < columns.size(); i++) {
      double x = SECOND + i * slot + slot * 0.2;
      double done = 0;
      for (Stage stage : STAGES) {
        double seconds = stage.seconds().applyAsDouble(columns.get(i).median());
        svg.bar(
            x, y.at(done + seconds), slot * 0.6, y.at(done) - y.at(done + seconds), stage.colour());
        done += seconds;
      }
      svg.text(
          x + slot * 0.3, y.at(done) - 5, "middle", 11, String.format(Locale.ROOT, "%.3g s", done));
      svg.text(x + slot * 0.3, BOTTOM + 20, "middle", 12, columns.get(i).step().name());
    }
    double at = SECOND - 30;
    for (Stage stage : STAGES) {
      legend(at, stage.name(), stage.colour());
      at += 28 + 7.0 * stage.name().length();
    }
  }

  private void grid(Axis y, int from, int to) {
    for (double tick : y.ticks()) {
      svg.line(from, y.at(tick), to, y.at(tick), "#e5e7eb", false);
      svg.text(from - 8, y.at(tick) + 4, "end", 11, y.label(tick));
    }
    svg.line(from, BOTTOM, to, BOTTOM, "#111827", false);
    svg.line(from, BOTTOM, from, TOP, "#111827", false);
  }

  private void legend(double x, String name, String colour) {
    svg.bar(x, HEIGHT - 18, 12, 12, colour);
    svg.text(x + 17, HEIGHT - 8, "start", 11, name);
  }
}
