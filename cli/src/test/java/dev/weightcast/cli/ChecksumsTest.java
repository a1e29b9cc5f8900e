package dev.weightcast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.backend.loopback.FaultInjection;
import dev.weightcast.backend.loopback.FaultPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the two sides say about the bytes on their way, and about who has them. */
class ChecksumsTest {

  private static final AtomicInteger PORTS = new AtomicInteger(40_000);

  @TempDir private Path folder;
  private final int port = PORTS.incrementAndGet();
  private Path specs;

  @BeforeEach
  void writeSpecs() throws IOException {
    specs =
        Files.writeString(
            folder.resolve("specs.json"),
            "[[\"a\", \"int8\", [900]], [\"b\", \"bfloat16\", [300, 7]], [\"c\", \"int8\", [0]]]");
  }

  private String[] words(String command, String... more) {
    List<String> words =
        new ArrayList<>(
            List.of(
                command,
                "--specs",
                specs.toString(),
                "--master",
                "checksums:" + port,
                "--backend",
                "loopback",
                "--timeout",
                "40s"));
    if (command.equals("send")) {
      words.addAll(List.of("--linger", "0"));
    }
    words.addAll(List.of(more));
    return words.toArray(String[]::new);
  }

  private CompletableFuture<Shell.Result> start(String command, String... more) {
    return Shell.ofLog().start(words(command, more));
  }

  @Test
  void rightBytesPassAndTheReportSaysWhoHasThem() throws Exception {
    var sent = start("send", "--checksums", "--packed", "--json");
    Shell.Result received =
        Shell.run(words("receive", "--checksums", "--packed", "--json", "--verify-seed", "0"));
    assertThat(received.code()).as(received.err()).isZero();
    assertThat(received.out())
        .contains("\"version\":null,\"acknowledged\":[],\"unacknowledged\":[]}");
    assertThat(sent.get(60, TimeUnit.SECONDS).code()).isZero();
    assertThat(sent.get().out())
        .contains("\"version\":null,\"acknowledged\":[1],\"unacknowledged\":[]}");
  }

  @Test
  void aFlippedBitIsExitCodeFourOnItsWorkerAndAFailureOfTheSender() throws Exception {
    BroadcastInitInfo where = BroadcastInitInfo.ofStore("checksums", port, 2);
    try (FaultInjection faults = FaultPlan.builder().corrupt(1, 2).build().injectAt(where)) {
      var sent = start("send", "--checksums");
      Shell.Result received = Shell.run(words("receive", "--checksums", "--json"));
      assertThat(received.code()).isEqualTo(ExitCode.MISMATCH);
      assertThat(received.err())
          .contains("weightcast receive: receiveWeights failed: bucket 2 of 3")
          .contains("its checksums differ; in it are b");
      assertThat(received.out()).contains("\"exit_code\":4", "\"phase\":\"acknowledgement\"");
      assertThat(sent.get(60, TimeUnit.SECONDS).code()).isEqualTo(ExitCode.FAILED);
      assertThat(sent.get().err()).contains("rank 1", "its checksums differ");
      assertThat(faults.notInjected()).isEmpty();
    }
  }

  @Test
  void aSideThatDoesNotCheckIsNamedOnBoth() throws Exception {
    var sent = start("send", "--checksums");
    Shell.Result received = Shell.run(words("receive"));
    assertThat(received.code()).isEqualTo(ExitCode.MISMATCH);
    assertThat(received.err()).contains("checksums is true at rank 0 and false at rank 1");
    assertThat(sent.get(60, TimeUnit.SECONDS).code()).isEqualTo(ExitCode.MISMATCH);
  }
}
