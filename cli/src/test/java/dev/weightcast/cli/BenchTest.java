package dev.weightcast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.api.Packing;
import dev.weightcast.api.TensorSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Measuring over loopback: what is printed and drawn, not how fast it is. */
class BenchTest {

  private static final AtomicInteger PORTS = new AtomicInteger(30_000);

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({"llama-8b, 291, 16060522496", "moe, 3147, 11214594048", "tiny, 20000, 327680000"})
  void theListsAreShapedLikeTheirModels(String name, int tensors, long bytes) {
    List<TensorSpec> specs = BenchList.named(name, 1);
    assertThat(specs).hasSize(tensors).extracting(TensorSpec::name).doesNotHaveDuplicates();
    assertThat(specs.stream().mapToLong(TensorSpec::byteSize).sum()).isEqualTo(bytes);
  }

  @Test
  void scalingShrinksTensorsAndNotTheirNumber() {
    List<TensorSpec> small = BenchList.named("llama-8b", 0.001);
    assertThat(small).hasSize(291);
    long bytes = small.stream().mapToLong(TensorSpec::byteSize).sum();
    assertThat(bytes).isBetween(16_000_000L, 19_000_000L);
    assertThat(small).allMatch(spec -> spec.byteSize() > 0);
  }

  @Test
  void allRanksInOneProcessAreMeasuredCheckedAndDrawn() throws IOException {
    Path picture = folder.resolve("bench.svg");
    Shell.Result result =
        Shell.run(
            "bench",
            "--backend",
            "loopback",
            "--list",
            "llama-8b",
            "--scale",
            "0.0005",
            "--rounds",
            "2",
            "--world-size",
            "3",
            "--buffer-size",
            "1MiB",
            "--timeout",
            "60s",
            "--picture",
            picture.toString());
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out())
        .contains(
            "raw     packed   unpacked",
            "GB/s",
            "of the raw broadcast         1.00",
            "first bucket",
            "take memory",
            "check bytes",
            "OK: every byte was right on every worker.");
    String svg = Files.readString(picture);
    assertThat(isWellFormed(svg)).isTrue();
    assertThat(svg)
        .contains(
            "Bandwidth against tensor size",
            "GB/s (10⁹ bytes a second)",
            "4 KiB",
            "1 MiB",
            "Time a round, by stage",
            "seconds",
            "raw broadcast of the whole list",
            "unpacked");
    assertThat(svg).doesNotContain("NaN").doesNotContain("Infinity");
  }

  @Test
  void machinesGetEveryNumber() throws IOException {
    Path list =
        Files.writeString(folder.resolve("l.json"), "[[\"a\",\"int8\",[9]],[\"b\",\"bool\",[5]]]");
    Shell.Result result =
        Shell.run(
            "bench",
            "--backend",
            "loopback",
            "--list",
            list.toString(),
            "--rounds",
            "1",
            "--checksums",
            "--json",
            "--timeout",
            "60s");
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.err()).contains("unpacked is left out");
    assertThat(result.out().lines()).hasSize(1);
    assertThat(result.out())
        .startsWith("{\"command\":\"bench\",\"ok\":true,")
        .contains("with checksums", "\"checksums\":true")
        .contains("\"name\":\"raw\",\"bytes\":14", "\"name\":\"packed\"", "\"checked\":true")
        .doesNotContain("unpacked");
  }

  @Test
  void oneRankAProcessMeetsAtTheMaster() throws Exception {
    String[] words = {
      "bench",
      "--backend",
      "loopback",
      "--list",
      "tiny",
      "--scale",
      "0.001",
      "--rounds",
      "1",
      "--buffer-size",
      "64KiB",
      "--master",
      "bench-test:" + PORTS.incrementAndGet(),
      "--timeout",
      "60s",
      "--rank"
    };
    var trainer = Shell.ofLog().start(with(words, "0"));
    Shell.Result worker = Shell.run(with(words, "1"));
    assertThat(worker.code()).as(worker.err()).isZero();
    assertThat(worker.out()).contains("OK: every byte was right on rank 1.", "check bytes");
    assertThat(trainer.get(60, TimeUnit.SECONDS).code()).isZero();
    assertThat(trainer.get().out()).contains("The workers have checked the bytes");
  }

  @Test
  void ctrlCEndsAllRanks() throws Exception {
    Shell shell = Shell.ofLog();
    var bench =
        shell.start(
            "bench",
            "--backend",
            "loopback",
            "--list",
            "tiny",
            "--scale",
            "0.001",
            "--rounds",
            "1000000",
            "--timeout",
            "60s");
    for (int i = 0; i < 6000 && !shell.err().contains("measuring raw"); i++) {
      shell.terminal().interruption().await(Duration.ofMillis(10));
    }
    shell.terminal().interruption().interrupt();
    Shell.Result result = bench.get(30, TimeUnit.SECONDS);
    assertThat(result.code()).isEqualTo(ExitCode.INTERRUPTED);
    assertThat(result.err()).contains("weightcast bench: interrupted: measuring raw");
  }

  @Test
  void theRawStepMovesAsManyBytesAsTheListHas() {
    List<TensorSpec> specs = BenchList.named("tiny", 0.01);
    List<BenchStep> steps = BenchStep.of(specs, new BufferOptions(), true);
    assertThat(steps.subList(0, 3)).extracting(BenchStep::bytes).containsOnly(steps.get(0).bytes());
    assertThat(steps.get(0).packing()).isEqualTo(Packing.UNPACKED);
    assertThat(steps.get(0).loads()).isFalse();
    assertThat(steps).filteredOn(BenchStep::isOfTheCurve).hasSize(2 * 5);
  }

  @ParameterizedTest
  @CsvSource({"0.0425, 0.05, 0.01", "7.2, 8, 2", "0, 1, 0.2", "99, 100, 20", "1000, 1000, 200"})
  void anAxisEndsAtARoundNumber(double value, double most, double step) {
    Axis axis = Axis.upTo(value, 100, 0);
    assertThat(axis.most()).isCloseTo(most, org.assertj.core.data.Offset.offset(1e-9));
    assertThat(axis.step()).isCloseTo(step, org.assertj.core.data.Offset.offset(1e-9));
    assertThat(axis.at(axis.most())).isZero();
    assertThat(axis.ticks().stream().map(axis::label)).doesNotHaveDuplicates();
  }

  private static String[] with(String[] words, String last) {
    String[] all = java.util.Arrays.copyOf(words, words.length + 1);
    all[words.length] = last;
    return all;
  }

  /** Every element is closed, by its own name. */
  private static boolean isWellFormed(String xml) {
    Deque<String> open = new ArrayDeque<>();
    Matcher tag = Pattern.compile("<(/?)([a-z]+)([^<>]*?)(/?)>").matcher(xml);
    while (tag.find()) {
      if (!tag.group(1).isEmpty()) {
        if (open.isEmpty() || !open.pop().equals(tag.group(2))) {
          return false;
        }
      } else if (tag.group(4).isEmpty()) {
        open.push(tag.group(2));
      }
    }
    return open.isEmpty() && tag.replaceAll("").indexOf('<') < 0;
  }
}
