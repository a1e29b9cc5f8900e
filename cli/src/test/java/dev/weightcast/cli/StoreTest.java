package dev.weightcast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.api.Deadline;
import dev.weightcast.rendezvous.StatelessProcessGroup;
import dev.weightcast.rendezvous.TcpStoreServer;
import dev.weightcast.rendezvous.TcpStoreServerOptions;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** A store by itself, with real ranks that come to it over sockets. */
@SuppressWarnings("try") // a rank that is only there
class StoreTest {

  private static final Duration LONG = Duration.ofSeconds(60);

  @Test
  void whoComesIsShownAndWhenAllHaveComeItEnds() throws Exception {
    Shell shell = Shell.ofLog();
    var store =
        shell.start("store", "--master", "127.0.0.1:0", "--world-size", "3", "--timeout", "60s");
    int port = port(shell);
    try (var first = join(port, 1, 3)) {
      await(shell, "missing: rank 2");
      try (var second = join(port, 2, 3)) {
        Shell.Result result = store.get(60, TimeUnit.SECONDS);
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.err())
            .contains(
                "rank 1 has joined, it was told world_size 3",
                "1 connected, 1 joined, missing: rank 2",
                "rank 2 has joined");
        assertThat(result.out()).contains("OK: all workers have joined: ", "2 joined");
      }
    }
  }

  @Test
  void aRankWithAnotherWorldSizeIsShownWithItsReason() throws Exception {
    Shell shell = Shell.ofLog();
    var store = shell.start("store", "--master", "127.0.0.1:0", "--timeout", "60s");
    int port = port(shell);
    try (var first = join(port, 1, 3)) {
      await(shell, "rank 1 has joined");
      CompletableFuture<StatelessProcessGroup> wrong =
          CompletableFuture.supplyAsync(() -> join(port, 2, 4), task -> new Thread(task).start());
      assertThat(wrong).failsWithin(LONG);
      await(shell, "a rank was refused: rank 2 was told world_size 4, another rank");
    }
    shell.terminal().interruption().interrupt();
    Shell.Result result = store.get(30, TimeUnit.SECONDS);
    assertThat(result.code()).isEqualTo(ExitCode.INTERRUPTED);
    assertThat(result.out()).contains("1 joined");
  }

  @Test
  void nobodyComesUntilTheTimeout() {
    Shell.Result result =
        Shell.run(
            "store",
            "--master",
            "127.0.0.1:0",
            "--world-size",
            "2",
            "--timeout",
            "300ms",
            "--json");
    assertThat(result.code()).isEqualTo(ExitCode.FAILED);
    assertThat(result.out())
        .contains("\"ok\":false", "\"joined\":0", "\"ranks\":[]", "\"missing\":[1]");
  }

  @Test
  void aPortThatIsTakenIsSaid() {
    try (var taken = TcpStoreServer.bind("127.0.0.1", 0, TcpStoreServerOptions.defaults())) {
      Shell.Result result = Shell.run("store", "--master", "127.0.0.1:" + taken.port());
      assertThat(result.code()).isEqualTo(ExitCode.FAILED);
      assertThat(result.err())
          .contains("the store cannot listen on 127.0.0.1 port " + taken.port())
          .contains("choose another port");
    }
  }

  private static StatelessProcessGroup join(int port, int rank, int worldSize) {
    return StatelessProcessGroup.join("127.0.0.1", port, rank, worldSize, Deadline.after(LONG));
  }

  private static int port(Shell shell) {
    await(shell, "Ctrl-C ends it");
    Matcher matcher = Pattern.compile("127\\.0\\.0\\.1:(\\d+)").matcher(shell.err());
    assertThat(matcher.find()).isTrue();
    return Integer.parseInt(matcher.group(1));
  }

  private static void await(Shell shell, String text) {
    for (int i = 0; i < 6000 && !shell.err().contains(text); i++) {
      shell.terminal().interruption().await(Duration.ofMillis(10));
    }
    assertThat(shell.err()).contains(text);
  }
}
