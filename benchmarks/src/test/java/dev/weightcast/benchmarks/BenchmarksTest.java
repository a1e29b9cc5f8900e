package dev.weightcast.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/** The benchmarks still run; how fast is not a question for a test. */
class BenchmarksTest {

  @Test
  void everyBenchmarkRunsOnce() throws Exception {
    var results =
        new Runner(
                new OptionsBuilder()
                    .include("dev.weightcast.benchmarks.*")
                    .param("model", ModelSize.TINY.name())
                    .param("bufferBytes", "2000")
                    .mode(Mode.SingleShotTime)
                    .forks(0)
                    .warmupIterations(0)
                    .measurementIterations(1)
                    .shouldFailOnError(true)
                    .verbosity(VerboseMode.SILENT)
                    .build())
            .run();
    assertThat(results).hasSize(4);
  }
}
