package dev.weightcast.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A linear axis from zero to a round number.
 *
 * @param most its end
 * @param step from one tick to the next
 * @param zeroAt where zero is drawn
 * @param mostAt where the end is drawn
 */
record Axis(double most, double step, double zeroAt, double mostAt) {

  private static final double[] ROUND = {1, 2, 2.5, 5, 10};

  /** An axis that a value fits on, with four to eight ticks. */
  static Axis upTo(double value, double zeroAt, double mostAt) {
    double needed = value > 0 && Double.isFinite(value) ? value : 1;
    double power = Math.pow(10, Math.floor(Math.log10(needed / 4)));
    double step = power * ROUND[ROUND.length - 1];
    for (double round : ROUND) {
      if (needed / (power * round) <= 7) {
        step = power * round;
        break;
      }
    }
    return new Axis(Math.ceil(needed / step - 1e-9) * step, step, zeroAt, mostAt);
  }

  double at(double value) {
    return zeroAt + (mostAt - zeroAt) * value / most;
  }

  List<Double> ticks() {
    List<Double> ticks = new ArrayList<>();
    for (int i = 0; i * step <= most * (1 + 1e-9); i++) {
      ticks.add(i * step);
    }
    return ticks;
  }

  /** As many digits as tell the ticks apart. */
  String label(double tick) {
    int digits = (int) Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
    if (step / Math.pow(10, -digits) % 1 > 1e-6) {
      digits++; // 2.5 and its like
    }
    return String.format(Locale.ROOT, "%." + digits + "f", tick);
  }
}
