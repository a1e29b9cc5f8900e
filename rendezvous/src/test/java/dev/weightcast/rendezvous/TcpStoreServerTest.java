package dev.weightcast.rendezvous;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.TransferException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class TcpStoreServerTest {

  private static final int GET = 3;
  private static final int WAIT = 6;

  private final Deadline deadline = Deadline.after(Duration.ofSeconds(60));

  @Test
  void it_listens_on_the_given_address_only() throws Exception {
    try (TcpStoreServer server = Samples.server()) {
      assertThat(server.address().getAddress()).isEqualTo(InetAddress.getByName("127.0.0.1"));
      assertThatThrownBy(() -> new Socket("127.0.0.2", server.port()).close())
          .isInstanceOf(ConnectException.class);
    }
  }

  @Test
  void the_chosen_port_is_known_before_anyone_joins() {
    try (TcpStoreServer server = Samples.server()) {
      assertThat(server.port()).isPositive();
      assertThat(server.connections()).isZero();
    }
  }

  @Test
  void clients_that_came_between_bind_and_serve_are_served() throws Exception {
    try (ServerSocketChannel bound = ServerSocketChannel.open()) {
      bound.bind(new InetSocketAddress("127.0.0.1", 0));
      int port = ((InetSocketAddress) bound.getLocalAddress()).getPort();
      Background<Long> early =
          Background.run(
              () -> {
                try (TcpStoreClient client = TcpStoreClient.connect("127.0.0.1", port, deadline)) {
                  return client.add("n", 1, deadline);
                }
              });
      Background.settle();
      try (TcpStoreServer server = TcpStoreServer.serve(bound, TcpStoreServerOptions.defaults())) {
        assertThat(server.port()).isEqualTo(port);
        assertThat(early.result()).isEqualTo(1);
      }
      assertThat(bound.isOpen()).isFalse();
    }
  }

  @Test
  void a_channel_that_is_not_bound_is_refused() throws Exception {
    try (ServerSocketChannel unbound = ServerSocketChannel.open()) {
      assertThatThrownBy(() -> TcpStoreServer.serve(unbound, TcpStoreServerOptions.defaults()))
          .isInstanceOf(InvalidInfoException.class)
          .hasMessageContaining("not bound");
    }
  }

  @Test
  void a_taken_port_is_an_error_with_a_way_out() {
    try (TcpStoreServer server = Samples.server()) {
      assertThatThrownBy(
              () ->
                  TcpStoreServer.bind("127.0.0.1", server.port(), TcpStoreServerOptions.defaults()))
          .isInstanceOf(TransferException.class)
          .hasMessageContaining("Address already in use")
          .hasMessageContaining("choose another port, or 0");
    }
  }

  @Test
  void the_port_is_free_when_close_returns() {
    int port = 0;
    for (int round = 0; round < 50; round++) {
      try (TcpStoreServer server =
              TcpStoreServer.bind("127.0.0.1", port, TcpStoreServerOptions.defaults());
          TcpStoreClient client = connect(server)) {
        port = server.port();
        assertThat(client.keyCount(deadline)).as("keys of an earlier server").isZero();
        client.set("k", new byte[10], deadline);
      }
    }
  }

  @Test
  void what_is_not_a_valid_beginning_ends_the_connection() throws Exception {
    try (TcpStoreServer server = Samples.server()) {
      byte[] wrongMagic = RawClient.hello();
      wrongMagic[1] ^= 1;
      for (byte[] first :
          List.of(
              "GET / HTTP/1.1\r\n\r\n".getBytes(),
              RawClient.request(GET, "/k"),
              wrongMagic,
              new byte[] {7})) {
        try (RawClient client = new RawClient(server)) {
          client.offer(first);
          assertThat(client.readToEnd()).isZero();
        }
      }
    }
  }

  @Test
  void an_error_on_one_connection_ends_that_one_only() throws Exception {
    try (TcpStoreServer server = Samples.server();
        TcpStoreClient healthy = connect(server);
        RawClient bad = RawClient.greeted(server)) {
      healthy.set("text", "abc".getBytes(), deadline);
      healthy.ping(deadline);
      bad.write(RawClient.request(4, "/text", new byte[0])); // ADD of a text: not a number
      assertThat(bad.readToEnd()).isZero();
      assertThat(healthy.get("text", deadline)).isEqualTo("abc".getBytes());
    }
  }

  @Test
  void a_second_wait_before_the_first_is_answered_ends_the_connection() throws Exception {
    try (TcpStoreServer server = Samples.server();
        RawClient client = RawClient.greeted(server)) {
      client.write(RawClient.keys(WAIT, "/a", "/b"));
      client.offer(RawClient.keys(WAIT, "/c"));
      assertThat(client.readToEnd()).isZero();
      assertThat(server.bufferedBytes()).isZero();
    }
  }

  @Test
  void a_wait_ends_with_its_last_key_and_repeated_keys_count_once() throws Exception {
    try (TcpStoreServer server = Samples.server();
        TcpStoreClient setter = connect(server);
        RawClient waiter = RawClient.greeted(server)) {
      waiter.write(RawClient.keys(WAIT, "/a", "/b", "/a"));
      setter.set("a", new byte[0], deadline);
      setter.ping(deadline);
      assertThat(waiter.available()).isZero();
      setter.append("b", new byte[0], deadline);
      assertThat(waiter.read(1)).containsExactly(0);
      Background.await(() -> server.bufferedBytes() == 0, deadline);
    }
  }

  @Test
  void a_read_that_is_under_way_is_not_changed_by_a_later_append() throws Exception {
    try (TcpStoreServer server = Samples.server();
        TcpStoreClient writer = connect(server);
        RawClient slow = RawClient.greeted(server)) {
      writer.set("v", new byte[6 << 20], deadline);
      writer.append("v", new byte[10], deadline);
      writer.ping(deadline);
      slow.write(RawClient.request(GET, "/v"));
      Background.settle();
      writer.append("v", new byte[] {1, 1, 1}, deadline);
      writer.ping(deadline);
      byte[] answer = slow.read(8 + (6 << 20) + 10);
      assertThat(answer[answer.length - 1]).isZero();
      assertThat(slow.available()).isZero();
    }
  }

  @Test
  void peers_that_are_not_on_the_list_are_closed_before_a_byte_is_read() throws Exception {
    TcpStoreServerOptions listed =
        TcpStoreServerOptions.defaults().withAllowedPeers(List.of("10.0.0.0/8", "127.0.0.9"));
    try (TcpStoreServer server = Samples.server(listed)) {
      // The host itself is always allowed: rank 0 is its own client.
      try (TcpStoreClient self = connect(server)) {
        self.ping(deadline);
      }
      assertThat(greetFrom("127.0.0.9", server)).isTrue();
      assertThat(greetFrom("127.0.0.8", server)).isFalse();
    }
  }

  private static boolean greetFrom(String address, TcpStoreServer server) throws Exception {
    try (Socket socket = new Socket()) {
      socket.setSoTimeout(20_000);
      socket.bind(new InetSocketAddress(address, 0));
      socket.connect(server.address());
      socket.getOutputStream().write(RawClient.hello());
      socket.getOutputStream().write(new byte[] {7});
      return socket.getInputStream().read() >= 0;
    } catch (java.net.SocketException e) {
      return false;
    }
  }

  @Test
  void options_that_cannot_be_are_refused() {
    TcpStoreServerOptions options = TcpStoreServerOptions.defaults();
    assertThatThrownBy(() -> options.withMaxConnections(0))
        .isInstanceOf(InvalidInfoException.class)
        .hasMessageContaining("maxConnections must be at least 1, it is 0");
    assertThatThrownBy(() -> options.withMaxStoredBytes(-1))
        .isInstanceOf(InvalidInfoException.class);
    assertThatThrownBy(() -> options.withMaxBufferedBytes(1, 0))
        .isInstanceOf(InvalidInfoException.class);
    assertThatThrownBy(() -> TcpStoreServer.bind("127.0.0.1", 70_000, options))
        .isInstanceOf(InvalidInfoException.class)
        .hasMessageContaining("70000");
    assertThatThrownBy(() -> TcpStoreServer.bind("no-such-host.invalid", 0, options))
        .isInstanceOf(InvalidInfoException.class)
        .hasMessageContaining("cannot be resolved");
  }

  private TcpStoreClient connect(TcpStoreServer server) {
    return TcpStoreClient.connect("127.0.0.1", server.port(), deadline);
  }
}
