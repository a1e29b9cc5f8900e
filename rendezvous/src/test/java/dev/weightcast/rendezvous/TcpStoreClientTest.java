package dev.weightcast.rendezvous;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.TransferAbortedException;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferTimeoutException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class TcpStoreClientTest {

  private final Deadline deadline = Deadline.after(Duration.ofSeconds(30));

  @Test
  void a_refused_connection_is_tried_again_and_the_message_says_how_often() throws Exception {
    int port;
    try (ServerSocket gone = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = gone.getLocalPort();
    }
    assertThatThrownBy(() -> TcpStoreClient.connect("127.0.0.1", port, Deadline.after(millis(600))))
        .isInstanceOf(TransferTimeoutException.class)
        .hasMessageContaining("timed out after 600 ms")
        .hasMessageContaining("connection refused at 127.0.0.1:" + port)
        .hasMessageMatching("(?s).* [0-9]{1,2} attempts in .*");
  }

  @Test
  void a_store_that_comes_later_is_found() throws Exception {
    int port;
    try (TcpStoreServer first = Samples.server()) {
      port = first.port();
    }
    Background<TcpStoreClient> connecting =
        Background.run(() -> TcpStoreClient.connect("127.0.0.1", port, deadline));
    Background.settle();
    try (TcpStoreServer server =
            TcpStoreServer.bind("127.0.0.1", port, TcpStoreServerOptions.defaults());
        TcpStoreClient client = connecting.result()) {
      client.ping(deadline);
      assertThat(server.connections()).isEqualTo(1);
    }
  }

  @Test
  void a_name_that_cannot_be_resolved_is_named() {
    assertThatThrownBy(
            () -> TcpStoreClient.connect("no-such-host.invalid", 1, Deadline.after(millis(500))))
        .isInstanceOf(TransferTimeoutException.class)
        .hasMessageContaining("no-such-host.invalid");
  }

  @Test
  void a_peer_that_accepts_and_says_nothing_is_left_at_the_deadline() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      assertThatThrownBy(
              () ->
                  TcpStoreClient.connect(
                      "127.0.0.1", silent.getLocalPort(), Deadline.after(millis(300))))
          .isInstanceOf(TransferTimeoutException.class)
          .hasMessageContaining("but the store has not answered");
    }
  }

  @Test
  void what_is_not_a_store_is_an_error_at_once() throws Exception {
    try (ServerSocket other = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      Background<Socket> accepted =
          Background.run(
              () -> {
                Socket socket = other.accept();
                socket.getOutputStream().write("SSH-2.0".getBytes());
                return socket;
              });
      assertThatThrownBy(() -> TcpStoreClient.connect("127.0.0.1", other.getLocalPort(), deadline))
          .isInstanceOf(TransferException.class)
          .isNotInstanceOf(TransferTimeoutException.class)
          .hasMessageContaining("is not a torch store");
      accepted.result().close();
    }
  }

  @Test
  void a_wait_that_timed_out_leaves_the_client_usable() {
    try (TcpStoreServer server = Samples.server();
        TcpStoreClient client = connect(server)) {
      for (int round = 0; round < 30; round++) {
        assertThatThrownBy(() -> client.await(List.of("never"), Deadline.after(millis(1))))
            .isInstanceOf(TransferTimeoutException.class);
        client.set("k", new byte[] {(byte) round}, deadline);
        assertThat(client.get("k", deadline)).containsExactly((byte) round);
      }
    }
  }

  @Test
  void a_key_that_arrives_while_its_wait_is_taken_back_does_no_harm() throws Exception {
    try (TcpStoreServer server = Samples.server();
        TcpStoreClient client = connect(server);
        TcpStoreClient other = connect(server)) {
      for (int round = 0; round < 300; round++) {
        String key = "race" + round;
        Background<Boolean> setting =
            Background.run(
                () -> {
                  other.set(key, new byte[1], deadline);
                  return true;
                });
        try {
          client.await(List.of(key), Deadline.after(Duration.ofNanos(1 + round * 5_000L)));
        } catch (TransferTimeoutException e) {
          // Which of the two comes first is what this is about.
        }
        assertThat(client.add("count", 1, deadline)).isEqualTo(round + 1);
        setting.result();
      }
    }
  }

  @Test
  void cancelling_releases_a_blocked_call_with_the_reason() throws Exception {
    Deadline cancelled = Deadline.after(Duration.ofSeconds(60));
    try (TcpStoreServer server = Samples.server();
        TcpStoreClient client = connect(server)) {
      Background<byte[]> reading = Background.run(() -> client.get("never", cancelled));
      Background.settle();
      cancelled.cancel("the engine was closed");
      assertThat(reading.failure())
          .isInstanceOf(TransferAbortedException.class)
          .hasMessageContaining("cancelled: the engine was closed");
      client.ping(deadline);
    }
  }

  @Test
  @SuppressWarnings("try") // closed early, which is what this is about
  void closing_releases_a_blocked_call() throws Exception {
    for (int round = 0; round < 20; round++) {
      try (TcpStoreServer server = Samples.server();
          TcpStoreClient client = connect(server)) {
        Background<byte[]> reading = Background.run(() -> client.get("never", deadline));
        if (round % 2 == 0) {
          Background.settle();
        }
        client.close();
        assertThat(reading.failure())
            .isInstanceOf(TransferAbortedException.class)
            .hasMessageContaining("closed by another thread");
      }
    }
  }

  @Test
  void interrupting_releases_a_blocked_call_and_the_flag_stays_set() throws Exception {
    try (TcpStoreServer server = Samples.server();
        TcpStoreClient client = connect(server)) {
      Background<byte[]> reading =
          Background.run(
              () -> {
                try {
                  return client.get("never", deadline);
                } finally {
                  assertThat(Thread.currentThread().isInterrupted()).isTrue();
                }
              });
      Background.settle();
      reading.thread().interrupt();
      assertThat(reading.failure())
          .isInstanceOf(TransferAbortedException.class)
          .hasMessageContaining("its thread was interrupted");
      client.ping(deadline);
    }
  }

  @Test
  void interrupting_and_cancelling_release_a_call_that_connects() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      Deadline cancelled = Deadline.after(Duration.ofSeconds(60));
      Background<TcpStoreClient> first =
          Background.run(
              () -> TcpStoreClient.connect("127.0.0.1", silent.getLocalPort(), cancelled));
      Background<TcpStoreClient> second =
          Background.run(
              () -> TcpStoreClient.connect("127.0.0.1", silent.getLocalPort(), deadline));
      Background.settle();
      cancelled.cancel("no longer needed");
      second.thread().interrupt();
      assertThat(first.failure()).isInstanceOf(TransferAbortedException.class);
      assertThat(second.failure()).isInstanceOf(TransferAbortedException.class);
    }
  }

  @Test
  void a_jump_of_the_clock_ends_a_wait() throws Exception {
    AtomicLong clock = new AtomicLong();
    Deadline faked = Deadline.after(Duration.ofHours(1), clock::get);
    try (TcpStoreServer server = Samples.server();
        TcpStoreClient client = connect(server)) {
      Background<byte[]> reading = Background.run(() -> client.get("never", faked));
      Background.settle();
      clock.set(Duration.ofHours(2).toNanos());
      assertThat(reading.failure())
          .isInstanceOf(TransferTimeoutException.class)
          .hasMessageContaining("timed out after 3600 s");
    }
  }

  @Test
  void a_second_thread_waits_its_turn_under_its_own_deadline() throws Exception {
    try (TcpStoreServer server = Samples.server();
        TcpStoreClient client = connect(server)) {
      Background<byte[]> reading = Background.run(() -> client.get("never", deadline));
      Background.settle();
      assertThatThrownBy(() -> client.ping(Deadline.after(millis(50))))
          .isInstanceOf(TransferTimeoutException.class);
      deadline.cancel("done");
      assertThat(reading.failure()).isInstanceOf(TransferAbortedException.class);
    }
  }

  @Test
  void requests_past_the_limits_are_refused_and_nothing_is_sent() {
    try (TcpStoreServer server = Samples.server();
        TcpStoreClient client = connect(server)) {
      assertThatThrownBy(() -> client.set("k".repeat(8192), new byte[0], deadline))
          .isInstanceOf(InvalidInfoException.class)
          .hasMessageContaining("at most 8192 bytes on the wire, this one has 8193");
      assertThatThrownBy(() -> client.set("k", new byte[(8 << 20) + 1], deadline))
          .isInstanceOf(InvalidInfoException.class);
      assertThatThrownBy(() -> client.check(Collections.nCopies(131_073, "k"), deadline))
          .isInstanceOf(InvalidInfoException.class);
      client.set("k", new byte[8 << 20], deadline);
      assertThat(client.get("k", deadline)).hasSize(8 << 20);
      assertThat(client.check(Collections.nCopies(131_072, "k"), deadline)).isTrue();
    }
  }

  @Test
  void a_server_that_closes_ends_the_calls_and_later_ones_say_why() throws Exception {
    TcpStoreServer server = Samples.server();
    try (TcpStoreClient client = connect(server)) {
      Background<byte[]> reading = Background.run(() -> client.get("never", deadline));
      Background.settle();
      server.close();
      assertThat(reading.failure())
          .isInstanceOf(TransferException.class)
          .isNotInstanceOf(TransferAbortedException.class)
          .hasMessageContaining("the rank that serves it ended");
      assertThatThrownBy(() -> client.ping(deadline))
          .isInstanceOf(TransferException.class)
          .hasMessageContaining("the connection is unusable");
    }
  }

  @Test
  void ports_and_hosts_that_cannot_be_are_refused() {
    assertThatThrownBy(() -> TcpStoreClient.connect("127.0.0.1", 0, deadline))
        .isInstanceOf(InvalidInfoException.class)
        .hasMessageContaining("master_port 0");
    assertThatThrownBy(() -> TcpStoreClient.connect(" ", 1, deadline))
        .isInstanceOf(InvalidInfoException.class)
        .hasMessageContaining("master_address is empty");
  }

  private TcpStoreClient connect(TcpStoreServer server) {
    return TcpStoreClient.connect("127.0.0.1", server.port(), deadline);
  }

  private static Duration millis(int millis) {
    return Duration.ofMillis(millis);
  }
}
