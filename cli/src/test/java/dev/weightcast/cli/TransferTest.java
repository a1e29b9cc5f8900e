package dev.weightcast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.api.DataType;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.Shape;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.safetensors.SafetensorsSource;
import dev.weightcast.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Both commands at once, as two processes would run them; the backend is loopback. */
class TransferTest {

  private static final AtomicInteger PORTS = new AtomicInteger(20_000);

  @TempDir private Path folder;
  private final String master = "cli-test:" + PORTS.incrementAndGet();
  private Path checkpoint;

  @BeforeEach
  void makeCheckpoint() {
    checkpoint = write("model.safetensors", 11);
  }

  @Test
  void aCheckpointGoesToAFileThatIsEqualInEveryTensor() throws Exception {
    Path out = folder.resolve("out.safetensors");
    var sent = send("--checkpoint", checkpoint.toString(), "--packed", "--buffer-size", "1KiB");
    Shell.Result received =
        receive(
            "--like",
            checkpoint.toString(),
            "--packed",
            "--buffer-size",
            "1KiB",
            "--out",
            out.toString(),
            "--verify-against",
            checkpoint.toString());
    assertThat(received.err() + sent.get(60, TimeUnit.SECONDS).err()).contains("a group of 2");
    assertThat(received.code()).isZero();
    assertThat(received.out())
        .contains("received 5 tensors, ", "wrote '" + out + "'", "OK: every byte of 5 tensors");
    assertThat(sent.get().code()).isZero();
    assertThat(sent.get().out()).contains("sent 5 tensors, ").contains(" GB/s");
    assertThat(out).hasSameBinaryContentAs(checkpoint);
  }

  @Test
  void madeUpBytesAreCheckedBySeedInEveryRoundsEnd() throws Exception {
    Path specs =
        Files.writeString(
            folder.resolve("specs.json"),
            "[[\"w\", \"bfloat16\", [300, 7]], [\"none\", \"int8\", [0]], [\"s\", \"int64\", []]]");
    var sent = send("--specs", specs.toString(), "--seed", "5", "--rounds", "3");
    Shell.Result received =
        receive("--specs", specs.toString(), "--verify-seed", "5", "--rounds", "3", "--json");
    assertThat(received.code()).as(received.err()).isZero();
    assertThat(sent.get(60, TimeUnit.SECONDS).code()).isZero();
    assertThat(received.out().lines()).hasSize(1);
    assertThat(received.out())
        .startsWith("{\"command\":\"receive\",\"ok\":true,\"backend\":\"loopback\"")
        .contains("\"rank\":1", "\"world_size\":2", "\"bytes\":4208", "\"verified\":\"seed 5\"");
    assertThat(received.out().split("\"gigabytes_per_second\"")).hasSize(4);
  }

  @Test
  void otherBytesThanExpectedAreNamedWithExitCodeFour() throws Exception {
    Path other = write("other.safetensors", 12);
    var sent = send("--checkpoint", checkpoint.toString());
    Shell.Result received =
        receive("--like", checkpoint.toString(), "--verify-against", other.toString(), "--json");
    assertThat(received.code()).isEqualTo(ExitCode.MISMATCH);
    assertThat(received.err())
        .contains("weightcast receive: MISMATCH with " + other + ": 'a.weight' float32 [33, 9]: ")
        .contains("expected 0x", "4 of 5 tensors differ");
    assertThat(received.out()).contains("\"ok\":false,\"exit_code\":4");
    assertThat(sent.get(60, TimeUnit.SECONDS).code()).isZero();
  }

  @Test
  void aCheckpointOfOtherTensorsIsRefusedBeforeAnythingBegins() {
    Path other = folder.resolve("small.safetensors");
    List<Tensor> one = List.of(tensor("a.weight", DataType.FLOAT32, new SplittableRandom(1), 2));
    SafetensorsWriter.writeFile(other, one, Map.of());
    Shell.Result received =
        receive("--like", checkpoint.toString(), "--verify-against", other.toString());
    assertThat(received.code()).isEqualTo(ExitCode.USAGE);
    assertThat(received.err())
        .contains("cannot be compared: ", " is expected, it has ")
        .doesNotContain("waiting for");
    received = receive("--like", other.toString(), "--verify-against", checkpoint.toString());
    assertThat(received.err()).contains("cannot be compared: 'a.weight' float32 [2] is expected");
  }

  @Test
  void theUniqueIdTravelsInAFileThatIsGoneAfterwards() throws Exception {
    Path id = folder.resolve("group.id");
    Shell sender = Shell.ofLog();
    var sent =
        sender.start(
            words(
                "send", "--unique-id-file", id.toString(), "--checkpoint", checkpoint.toString()));
    Shell.Result received =
        Shell.ofLog()
            .call(
                words(
                    "receive",
                    "--unique-id-file",
                    id.toString(),
                    "--like",
                    checkpoint.toString(),
                    "--verify-against",
                    checkpoint.toString()));
    assertThat(received.code()).as(received.err()).isZero();
    assertThat(sent.get(60, TimeUnit.SECONDS).code()).isZero();
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(checkpoint);
    }
  }

  @Test
  void aUniqueIdOfTheWrongLengthIsRefused() throws IOException {
    Path id = Files.write(folder.resolve("group.id"), new byte[127]);
    Shell.Result received =
        Shell.run(
            words("receive", "--unique-id-file", id.toString(), "--like", checkpoint.toString()));
    assertThat(received.code()).isEqualTo(ExitCode.USAGE);
    assertThat(received.err()).contains("has 127 bytes, a unique id has 128");
  }

  @Test
  void aUniqueIdThatNeverComesEndsWithTheTimeout() {
    Shell.Result received =
        Shell.run(
            words(
                "receive",
                "--unique-id-file",
                folder.resolve("none").toString(),
                "--like",
                checkpoint.toString(),
                "--timeout",
                "300ms"));
    assertThat(received.code()).isEqualTo(ExitCode.FAILED);
    assertThat(received.err()).contains("no unique id came within 0.300 s in '");
  }

  @Test
  void aTrainerThatNeverComesIsNamedByTheEngine() {
    Shell.Result received =
        receive("--like", checkpoint.toString(), "--timeout", "300ms", "--json");
    assertThat(received.code()).isEqualTo(ExitCode.FAILED);
    assertThat(received.err()).contains("waited in rendezvous for rank 0").doesNotContain("\tat ");
    assertThat(received.out()).contains("\"phase\":\"rendezvous\"");
  }

  @Test
  void ctrlCEndsBothSidesAndSaysHowFarTheyCame() throws Exception {
    Shell sender = Shell.ofLog();
    Shell receiver = Shell.ofLog();
    // As many rounds as it takes: they are ended, they do not end.
    String[] rounds = {"--rounds", "100000"};
    var sent =
        sender.start(
            concat(
                words("send", "--master", master, "--checkpoint", checkpoint.toString()), rounds));
    var received =
        receiver.start(
            concat(words("receive", "--master", master, "--like", checkpoint.toString()), rounds));
    for (int i = 0; i < 6000 && !receiver.err().contains("round 3 of"); i++) {
      receiver.terminal().interruption().await(java.time.Duration.ofMillis(10));
    }
    sender.terminal().interruption().interrupt();
    Shell.Result sentResult = sent.get(30, TimeUnit.SECONDS);
    assertThat(sentResult.code()).isEqualTo(ExitCode.INTERRUPTED);
    assertThat(sentResult.err()).contains("weightcast send: interrupted: ", "round ");
    Shell.Result receivedResult = received.get(30, TimeUnit.SECONDS);
    assertThat(receivedResult.code()).isEqualTo(ExitCode.FAILED);
    assertThat(receivedResult.err()).contains("weightcast receive: ").doesNotContain("\tat ");
  }

  private CompletableFuture<Shell.Result> send(String... more) {
    return Shell.ofLog().start(concat(words("send", "--master", master), more));
  }

  private Shell.Result receive(String... more) {
    return Shell.ofLog().call(concat(words("receive", "--master", master), more));
  }

  private static String[] words(String... words) {
    List<String> all = new ArrayList<>(List.of(words));
    all.addAll(List.of("--backend", "loopback"));
    if (words[0].equals("send")) {
      all.addAll(List.of("--linger", "0"));
    }
    return all.toArray(String[]::new);
  }

  private static String[] concat(String[] first, String[] second) {
    List<String> all = new ArrayList<>(List.of(first));
    // A later --timeout counts; without one nothing waits for minutes.
    if (!List.of(second).contains("--timeout")) {
      all.addAll(List.of("--timeout", "40s"));
    }
    all.addAll(List.of(second));
    return all.toArray(String[]::new);
  }

  private Path write(String name, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Tensor> tensors =
        List.of(
            tensor("a.weight", DataType.FLOAT32, random, 33, 9),
            tensor("b.weight", DataType.BFLOAT16, random, 1000),
            tensor("c.scalar", DataType.INT64, random),
            tensor("d.empty", DataType.FLOAT16, random, 0, 4),
            tensor("e.bytes", DataType.UINT8, random, 5000));
    Path file = folder.resolve(name);
    SafetensorsWriter.writeFile(file, tensors, Map.of("format", "pt"));
    assertThat(SafetensorsSource.open(file).specs()).hasSize(5);
    return file;
  }

  private static Tensor tensor(
      String name, DataType type, SplittableRandom random, long... dimensions) {
    TensorSpec spec = new TensorSpec(name, type, Shape.of(dimensions));
    byte[] bytes = new byte[(int) spec.byteSize()];
    random.nextBytes(bytes);
    return Tensor.of(spec, HostMemory.wrap(ByteBuffer.wrap(bytes)));
  }
}
