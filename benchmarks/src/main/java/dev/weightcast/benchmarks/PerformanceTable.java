package dev.weightcast.benchmarks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Runs the benchmarks and prints the table of docs/performance.md.
 *
 * <p>All of them are run several rounds over and the measurements of all rounds are put together,
 * so that what else happens on the machine falls on the yardstick and on what it measures alike.
 */
public final class PerformanceTable {

  private final Map<Row, Samples> rows = new LinkedHashMap<>();

  /** What is measured. */
  private record Row(ModelSize model, String benchmark, long bufferBytes) {}

  /** Milliseconds and allocated bytes of an update, one a measured iteration. */
  private record Samples(List<Double> millis, List<Double> allocated) {

    Samples() {
      this(new ArrayList<>(), new ArrayList<>());
    }
  }

  private PerformanceTable() {}

  /**
   * Runs and prints.
   *
   * @param args the number of rounds
   * @throws RunnerException if a benchmark fails
   */
  public static void main(String[] args) throws RunnerException {
    int rounds = Integer.parseInt(args[0]);
    PerformanceTable table = new PerformanceTable();
    for (int round = 1; round <= rounds; round++) {
      System.err.println("round " + round + " of " + rounds);
      table.add(new Runner(options(".*Benchmark.*").build()).run());
      // The same plan as LARGE in buffers of 16 MiB, with a 256th of its bytes
      table.add(
          new Runner(
                  options(LoopbackBenchmark.class.getSimpleName())
                      .param("model", ModelSize.FEW.name())
                      .param("bufferBytes", String.valueOf(64 << 10))
                      .build())
              .run());
    }
    table.print();
  }

  private static ChainedOptionsBuilder options(String which) {
    return new OptionsBuilder()
        .include(which)
        .forks(1)
        .warmupIterations(2)
        .warmupTime(TimeValue.seconds(1))
        .measurementIterations(3)
        .measurementTime(TimeValue.seconds(1))
        .addProfiler(GCProfiler.class)
        .shouldFailOnError(true)
        .verbosity(VerboseMode.SILENT)
        .jvmArgs("-Xms512m", "-Xmx512m", "-XX:MaxDirectMemorySize=3g");
  }

  private void add(Collection<RunResult> results) {
    for (RunResult result : results) {
      var params = result.getParams();
      String buffer =
          params.getParamsKeys().contains("bufferBytes") ? params.getParam("bufferBytes") : "0";
      String name = params.getBenchmark();
      Row row =
          new Row(
              ModelSize.valueOf(params.getParam("model")),
              name.substring(name.lastIndexOf('.') + 1),
              Long.parseLong(buffer));
      Samples samples = rows.computeIfAbsent(row, key -> new Samples());
      result
          .getBenchmarkResults()
          .forEach(
              fork ->
                  fork.getIterationResults()
                      .forEach(
                          iteration -> {
                            samples.millis.add(iteration.getPrimaryResult().getScore());
                            samples.allocated.add(allocated(iteration.getSecondaryResults()));
                          }));
    }
  }

  @SuppressWarnings("rawtypes") // as JMH declares it
  private static double allocated(Map<String, Result> secondary) {
    return secondary.entrySet().stream()
        .filter(each -> each.getKey().endsWith("gc.alloc.rate.norm"))
        .mapToDouble(each -> each.getValue().getScore())
        .findFirst()
        .orElse(Double.NaN);
  }

  private void print() {
    System.out.printf(
        Locale.ROOT,
        "JDK %s, %d cores%n%n| model | what | buffer | GB/s (median) | worst–best | of the copy |"
            + " KiB allocated per update | bytes per tensor |%n|---|---|---|---|---|---|---|---|%n",
        Runtime.version(),
        Runtime.getRuntime().availableProcessors());
    for (ModelSize model : ModelSize.values()) {
      double copy = fasterCopy(model);
      rows.forEach(
          (row, samples) -> {
            if (row.model == model) {
              print(row, samples, copy);
            }
          });
    }
  }

  /** The yardstick is the faster of the two ways to copy, so that it flatters nobody. */
  private double fasterCopy(ModelSize model) {
    return Stream.of("oneByteBuffer", "tensorByTensor")
        .map(name -> rows.get(new Row(model, name, 0)))
        .filter(Objects::nonNull)
        .mapToDouble(samples -> median(samples.millis))
        .min()
        .orElse(Double.NaN);
  }

  private static void print(Row row, Samples samples, double copyMillis) {
    double[] sorted = samples.millis.stream().mapToDouble(each -> each).sorted().toArray();
    double middle = median(samples.millis);
    double allocated = median(samples.allocated);
    System.out.printf(
        Locale.ROOT,
        "| %s | %s | %s | %.2f | %.2f–%.2f | %s | %.1f | %.0f |%n",
        row.model,
        row.benchmark,
        row.bufferBytes == 0 ? "" : row.bufferBytes / 1024 + " KiB",
        rate(row.model, middle),
        rate(row.model, sorted[sorted.length - 1]),
        rate(row.model, sorted[0]),
        Double.isNaN(copyMillis) ? "" : String.format(Locale.ROOT, "%.2f", copyMillis / middle),
        allocated / 1024,
        allocated / row.model.tensors());
  }

  private static double rate(ModelSize model, double millis) {
    return model.byteSize() / millis / 1e6;
  }

  private static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(each -> each).toArray();
    Arrays.sort(sorted);
    int half = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }
}
