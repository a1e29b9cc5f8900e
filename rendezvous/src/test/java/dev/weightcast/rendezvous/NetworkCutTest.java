package dev.weightcast.rendezvous;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.TransferTimeoutException;
import dev.weightcast.rendezvous.interop.StoreInterop;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A peer behind a cable that is pulled: nothing comes back any more, not even an error. The peer is
 * another process in a network namespace of its own, which this test makes and takes away.
 */
class NetworkCutTest {

  private static final String OURS = "10.213.77.1";
  private static final String THEIRS = "10.213.77.2";

  private final String namespace = "wc-rv-" + ProcessHandle.current().pid();
  private final String cable = "wcrv" + ProcessHandle.current().pid() % 100_000;
  private final Deadline deadline = Deadline.after(Duration.ofSeconds(60));
  private Process peer;
  private PrintStream toPeer;
  private BufferedReader fromPeer;

  @BeforeEach
  void lay_the_cable() throws Exception {
    for (List<String> command :
        List.of(
            List.of("ip", "netns", "add", namespace),
            List.of("ip", "link", "add", cable, "type", "veth", "peer", "name", cable + "p"),
            List.of("ip", "link", "set", cable + "p", "netns", namespace),
            List.of("ip", "address", "add", OURS + "/30", "dev", cable),
            List.of("ip", "link", "set", cable, "up"),
            inside("ip", "address", "add", THEIRS + "/30", "dev", cable + "p"),
            inside("ip", "link", "set", cable + "p", "up"),
            inside("ip", "link", "set", "lo", "up"))) {
      String problem = run(command);
      if (!problem.isEmpty()) {
        System.out.println("skipped: this host lets no test make network namespaces: " + problem);
      }
      assumeTrue(problem.isEmpty(), problem);
    }
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    List<String> command =
        inside(java, "-Xmx64m", "-cp", classPath(), StoreInterop.class.getName());
    peer = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    toPeer = new PrintStream(peer.getOutputStream(), true, StandardCharsets.UTF_8);
    fromPeer =
        new BufferedReader(new InputStreamReader(peer.getInputStream(), StandardCharsets.UTF_8));
  }

  @AfterEach
  void take_everything_away() throws Exception {
    if (peer != null) {
      peer.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
    }
    run(List.of("ip", "link", "delete", cable));
    run(List.of("ip", "netns", "delete", namespace));
  }

  @Test
  void a_store_that_is_cut_off_is_reported_within_the_deadline() throws Exception {
    int port = Integer.parseInt(ask("serve s " + THEIRS + " 0"));
    try (TcpStoreClient client = TcpStoreClient.connect(THEIRS, port, deadline)) {
      client.set("k", new byte[10], deadline);
      assertThat(client.get("k", deadline)).hasSize(10);
      cut();
      timesOut(() -> client.get("k", Deadline.after(Duration.ofMillis(500))));
    }
    // And nobody is found there any more.
    timesOut(() -> TcpStoreClient.connect(THEIRS, port, Deadline.after(Duration.ofMillis(500))));
  }

  @Test
  void a_write_into_a_cut_cable_ends_at_the_deadline() throws Exception {
    int port = Integer.parseInt(ask("serve s " + THEIRS + " 0"));
    try (TcpStoreClient client = TcpStoreClient.connect(THEIRS, port, deadline)) {
      cut();
      byte[] large = new byte[8 << 20];
      timesOut(() -> client.set("k", large, Deadline.after(Duration.ofMillis(500))));
    }
  }

  @Test
  void a_rank_that_is_cut_off_is_named_at_the_next_barrier() throws Exception {
    TcpStoreServer server =
        TcpStoreServer.bind(
            OURS,
            0,
            TcpStoreServerOptions.defaults()
                .withTimeouts(Duration.ofSeconds(30), Duration.ofSeconds(2)));
    toPeer.println("group " + OURS + " " + server.port() + " 2 1 50");
    try (StatelessProcessGroup group = StatelessProcessGroup.host(server, 2, deadline)) {
      assertThat(server.connections()).isEqualTo(2);
      cut();
      try {
        group.barrier(Deadline.after(Duration.ofMillis(500)));
        throw new AssertionError("the barrier did not notice");
      } catch (TransferTimeoutException e) {
        assertThat(e.missingRanks()).containsExactly(1);
        assertThat(e).hasMessageContaining("no word from rank 1");
      }
      // The server lets go of it, too, when it has been silent for too long.
      while (server.connections() > 1) {
        group.store().ping(deadline);
        Thread.sleep(20);
      }
    }
  }

  private void timesOut(Runnable call) {
    long start = System.nanoTime();
    try {
      call.run();
      throw new AssertionError("it did not notice");
    } catch (TransferTimeoutException e) {
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
    }
  }

  private void cut() throws Exception {
    assertThat(run(inside("ip", "link", "set", cable + "p", "down"))).isEmpty();
  }

  private String ask(String command) throws IOException {
    toPeer.println(command);
    String answer = fromPeer.readLine();
    assertThat(answer).startsWith("ok ");
    return answer.substring(3);
  }

  private List<String> inside(String... command) {
    List<String> whole = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
    whole.addAll(List.of(command));
    return whole;
  }

  /** Runs a command and says what was wrong, or nothing. */
  private static String run(List<String> command) throws InterruptedException {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return process.waitFor() == 0 ? "" : String.join(" ", command) + ": " + output.strip();
    } catch (IOException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private static String classPath() throws URISyntaxException {
    List<String> entries = new ArrayList<>();
    for (Class<?> type : List.of(Deadline.class, TcpStoreServer.class)) {
      entries.add(
          Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString());
    }
    // The test classes are patched into the module, so their own place is where a resource is.
    Path resource = Path.of(NetworkCutTest.class.getResource("/unique-id-pickles.txt").toURI());
    entries.add(resource.getParent().toString());
    return String.join(File.pathSeparator, entries);
  }
}
