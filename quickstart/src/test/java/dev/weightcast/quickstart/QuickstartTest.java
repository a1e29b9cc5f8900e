package dev.weightcast.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.api.HostMemory;
import dev.weightcast.api.Tensor;
import dev.weightcast.safetensors.SafetensorsSource;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QuickstartTest {

  @TempDir Path folder;
  private final TestScreen screen = new TestScreen(false);
  private Path checkpoint;
  private long bytes;

  @BeforeEach
  void writeCheckpoint() {
    checkpoint = folder.resolve("tiny model.safetensors");
    CheckpointWriter.write(checkpoint, CheckpointWriterTest.TINY, 17);
    bytes = CheckpointWriterTest.TINY.specs().stream().mapToLong(spec -> spec.byteSize()).sum();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--workers 1",
        "--workers 5 --buffer-size 50 --num-buffers 3",
        "--buffer-size 1 --num-buffers 1",
        "--unpacked"
      })
  void everyWorkerEndsUpWithTheCheckpoint(String options) {
    int exit = run(options);

    assertThat(screen.err()).isEmpty();
    assertThat(exit).isZero();
    assertThat(screen.lastLine())
        .matches("OK: [0-9]+ workers, 21 tensors, " + bytes + " bytes, all digests equal");
  }

  @Test
  void theTableHasOneLineAWorkerAndTheirDigestsAreTheCheckpoints() {
    run("--workers 2 --buffer-size 400");

    List<String> lines = screen.lines();
    String digest = after("digest of the checkpoint: ", lines.get(lines.size() - 5));
    assertThat(lines.get(lines.size() - 4)).startsWith("worker  tensors  bytes  buckets  seconds");
    assertThat(lines.get(lines.size() - 3)).startsWith("     1       21   ").endsWith(digest);
    assertThat(lines.get(lines.size() - 2)).startsWith("     2       21   ").endsWith(digest);
  }

  @Test
  void oneWrongByteInOneWorkersMemoryIsAMismatch() throws Exception {
    Quickstart quickstart = new Quickstart(Arguments.parse("--workers", "3"), screen.screen);
    SafetensorsSource source = SafetensorsSource.open(checkpoint);
    List<Worker> workers = quickstart.transfer(source);
    flipLastByte(workers.get(1), "model.layers.1.mlp.up_proj.weight");

    assertThat(quickstart.compare(source, workers)).isEqualTo(1);
    assertThat(screen.lastLine())
        .startsWith(
            "MISMATCH: worker 2, tensor 'model.layers.1.mlp.up_proj.weight':"
                + " expected bfloat16 [10, 6] with SHA-256 ");
  }

  @Test
  void wrongArgumentsAreExitCode2AndTheUsage() {
    assertThat(Quickstart.run(screen.screen, "--workers", "many")).isEqualTo(2);
    assertThat(screen.err())
        .startsWith("quickstart: --workers needs a whole number, found 'many'")
        .contains("usage:");
    assertThat(screen.out()).isEmpty();
  }

  @Test
  void helpIsNotAnError() {
    assertThat(Quickstart.run(screen.screen, "--help")).isZero();
    assertThat(screen.out()).isEqualTo(Arguments.USAGE);
  }

  @Test
  void aFileThatIsNoCheckpointIsExitCode1AndOneLine() throws Exception {
    Files.writeString(checkpoint, "not a checkpoint at all");

    assertThat(run("")).isEqualTo(1);
    assertThat(screen.err().lines())
        .singleElement()
        .asString()
        .startsWith("quickstart: ")
        .contains(checkpoint.toString());
  }

  @Test
  void aBackendThatIsNotThereIsExitCode1AndNamesThoseThatAre() {
    assertThat(run("--backend carrier-pigeon")).isEqualTo(1);
    assertThat(screen.err()).startsWith("quickstart: ").contains("carrier-pigeon", "loopback");
  }

  private int run(String options) {
    String line = ("--checkpoint | " + options).strip();
    String[] words = line.split(" ");
    words[1] = checkpoint.toString();
    return Quickstart.run(screen.screen, words);
  }

  private static String after(String prefix, String line) {
    assertThat(line).startsWith(prefix);
    return line.substring(prefix.length());
  }

  private static void flipLastByte(Worker worker, String name) {
    Tensor tensor =
        worker.weights().stream().filter(each -> each.name().equals(name)).findAny().orElseThrow();
    HostMemory memory = (HostMemory) tensor.memory();
    ByteBuffer last = ByteBuffer.allocate(1);
    memory.read(tensor.byteSize() - 1, last);
    last.put(0, (byte) ~last.get(0)).flip();
    memory.write(tensor.byteSize() - 1, last);
  }
}
