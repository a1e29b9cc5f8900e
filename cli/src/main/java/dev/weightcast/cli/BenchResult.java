package dev.weightcast.cli;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What one rank has measured. Written by that rank's thread, read when it has ended. */
final class BenchResult {

  /**
   * One step's rounds.
   *
   * @param step what was measured
   * @param rounds each round's stages
   */
  record Measured(BenchStep step, List<StageClock.Stages> rounds) {

    /** The round in the middle, by its whole time. */
    StageClock.Stages median() {
      List<StageClock.Stages> sorted =
          rounds.stream().sorted(Comparator.comparingDouble(StageClock.Stages::whole)).toList();
      return sorted.get(sorted.size() / 2);
    }

    double gigabytesPerSecond() {
      return step.bytes() / median().whole() / 1e9;
    }
  }

  private final Map<String, Double> once = new LinkedHashMap<>();
  private final List<Measured> measured = new ArrayList<>();

  /** Adds to what is done once: making engines, filling memory. */
  void once(String what, double seconds) {
    once.merge(what, seconds, Double::sum);
  }

  /** What other ranks took for what this one does not do, or did faster. */
  void slowest(BenchResult other) {
    other.once.forEach((what, seconds) -> once.merge(what, seconds, Math::max));
  }

  void measured(BenchStep step, List<StageClock.Stages> rounds) {
    measured.add(new Measured(step, List.copyOf(rounds)));
  }

  Map<String, Double> once() {
    return once;
  }

  /** The columns of the table: raw, packed, unpacked. */
  List<Measured> columns() {
    return measured.stream().filter(each -> !each.step().isOfTheCurve()).toList();
  }

  /** The points of one line of the curve, by tensor size. */
  List<Measured> curve(String name) {
    return measured.stream()
        .filter(each -> each.step().isOfTheCurve() && each.step().name().equals(name))
        .toList();
  }

  Optional<Measured> raw() {
    return columns().stream().filter(each -> each.step().name().equals(BenchStep.RAW)).findFirst();
  }

  Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("seconds_once", once);
    json.put("measured", columns().stream().map(this::json).toList());
    List<Object> curve = new ArrayList<>();
    for (String name : List.of(BenchStep.PACKED, BenchStep.UNPACKED)) {
      curve(name).forEach(each -> curve.add(json(each)));
    }
    if (!curve.isEmpty()) {
      json.put("curve", curve);
    }
    return json;
  }

  private Map<String, Object> json(Measured each) {
    StageClock.Stages median = each.median();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", each.step().name());
    json.put("bytes", each.step().bytes());
    if (each.step().isOfTheCurve()) {
      json.put("tensor_bytes", each.step().pieceBytes());
    }
    json.put("broadcasts", median.buckets());
    json.put("rounds", each.rounds().size());
    json.put("gigabytes_per_second", each.gigabytesPerSecond());
    raw()
        .ifPresent(raw -> json.put("of_raw", each.gigabytesPerSecond() / raw.gigabytesPerSecond()));
    json.put("seconds", median.whole());
    json.put("seconds_plan", median.plan());
    json.put("seconds_first_bucket", median.firstBucket());
    json.put("seconds_further_buckets", median.further());
    json.put("seconds_finish", median.finish());
    json.put("checked", each.step().isChecked());
    return json;
  }
}
