package dev.weightcast.backend.nccl;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * SIGKILL and SIGSTOP of the trainer's or the worker's process in every phase: the other one says
 * so in time and by name, and goes on with a new peer, with the same engine.
 *
 * <p>The store, the engines and the communicator's logic are the real ones; in place of NCCL there
 * are sockets, and in place of CUDA host memory.
 */
class TwoProcessTest {

  private static final List<String> PHASES =
      List.of(
          "store join",
          "id exchange",
          "communicator init",
          "warm-up",
          "agreement",
          "bucket 0",
          "bucket 3",
          "bucket 5",
          "drain",
          "acknowledgement",
          "finish",
          "idle");

  /** A column of Linux's tables of sockets. */
  private static final int INODE = 9;

  /** Longer than any wait for a process that is dead may take. */
  private static final Duration LONG = Duration.ofSeconds(30);

  private static final Duration SHORT = Duration.ofSeconds(3);

  private record Chain(boolean childIsTrainer, boolean kills, FaultSurvivor survivor) {
    String name() {
      return (kills ? "SIGKILL" : "SIGSTOP") + " of the " + (childIsTrainer ? "trainer" : "worker");
    }
  }

  @Test
  void whoeverIsKilledOrStoppedIsNamedAndReplaced() throws Exception {
    long sockets = sockets();
    List<Chain> chains = new ArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Future<List<FaultSurvivor.Row>>> running = new ArrayList<>();
      for (boolean kills : new boolean[] {true, false}) {
        for (boolean childIsTrainer : new boolean[] {false, true}) {
          FaultSurvivor survivor = new FaultSurvivor(childIsTrainer, kills, kills ? LONG : SHORT);
          chains.add(new Chain(childIsTrainer, kills, survivor));
          running.add(threads.submit(() -> survivor.run(PHASES)));
        }
      }
      for (int i = 0; i < chains.size(); i++) {
        List<FaultSurvivor.Row> rows = running.get(i).get(150, TimeUnit.SECONDS);
        print(chains.get(i), rows);
        check(chains.get(i), rows);
        assertThat(chains.get(i).survivor().leave()).as("left on the device").isZero();
      }
    } finally {
      chains.forEach(chain -> chain.survivor().close());
      threads.shutdownNow();
    }
    assertThat(ThreadsLeft.after(Duration.ofSeconds(5))).isEmpty();
    assertThat(sockets()).as("sockets").isLessThanOrEqualTo(sockets);
  }

  private static void print(Chain chain, List<FaultSurvivor.Row> rows) {
    System.out.println(
        chain.name()
            + ": the other side's time "
            + (chain.kills() ? "after it" : "past its deadline"));
    for (FaultSurvivor.Row row : rows) {
      System.out.printf(
          Locale.ROOT,
          "  %-18s %6.3f s  %s: %s%n",
          row.phase(),
          row.after().toNanos() / 1e9,
          row.failure().getClass().getSimpleName(),
          row.failure().getMessage());
    }
  }

  private static void check(Chain chain, List<FaultSurvivor.Row> rows) {
    assertThat(rows).hasSameSizeAs(PHASES);
    for (FaultSurvivor.Row row : rows) {
      String what = chain.name() + " in " + row.phase() + ": " + row.failure();
      if (chain.kills()) {
        assertThat(row.rank()).as(what).isEqualTo(chain.childIsTrainer() ? 0 : 1);
        assertThat(row.after()).as(what).isLessThan(Duration.ofSeconds(10));
      } else {
        assertThat(row.isTimeout()).as(what).isTrue();
        assertThat(row.after()).as(what).isLessThan(Duration.ofSeconds(5));
      }
    }
  }

  /** TCP's; the JVM has others of its own. */
  private static long sockets() throws IOException {
    Set<String> tcp = new HashSet<>();
    for (String table : List.of("/proc/self/net/tcp", "/proc/self/net/tcp6")) {
      if (Files.isReadable(Path.of(table))) {
        for (String line : Files.readAllLines(Path.of(table))) {
          tcp.add("socket:[" + line.strip().split(" +", -1)[INODE] + "]");
        }
      }
    }
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.filter(each -> tcp.contains(target(each))).count();
    }
  }

  private static String target(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString();
    } catch (IOException e) {
      return ""; // it was closed meanwhile
    }
  }
}
