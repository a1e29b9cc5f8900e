package dev.weightcast.rendezvous;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.TransferException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What clients can make a server hold: keys, requests, answers and connections, all bounded. */
class TcpStoreServerBoundsTest {

  private static final int SET = 1;
  private static final int GET = 3;
  private static final int APPEND = 9;
  private static final int MULTI_GET = 10;

  private final Deadline deadline = Deadline.after(Duration.ofSeconds(60));

  @Test
  void what_the_store_holds_is_bounded() {
    TcpStoreServerOptions small = TcpStoreServerOptions.defaults().withMaxStoredBytes(1 << 20);
    try (TcpStoreServer server = Samples.server(small);
        TcpStoreClient healthy = connect(server)) {
      healthy.set("mine", new byte[1000], deadline);
      healthy.ping(deadline);
      try (TcpStoreClient greedy = connect(server)) {
        assertThatThrownBy(
                () -> {
                  for (int i = 0; i < 10_000; i++) {
                    greedy.set("k" + i, new byte[10_000], deadline);
                  }
                  greedy.ping(deadline);
                })
            .isInstanceOf(TransferException.class);
      }
      assertThat(server.storedBytes()).isBetween(900_000L, 1L << 20);
      assertThat(healthy.get("mine", deadline)).hasSize(1000);
      assertThat(healthy.delete("k0", deadline)).isTrue();
      healthy.set("again", new byte[5000], deadline);
      assertThat(healthy.get("again", deadline)).hasSize(5000);
    }
  }

  @Test
  void what_a_connection_holds_is_bounded_and_given_back() throws Exception {
    TcpStoreServerOptions small =
        TcpStoreServerOptions.defaults().withMaxBufferedBytes(1 << 20, 3 << 20);
    try (TcpStoreServer server = Samples.server(small)) {
      List<RawClient> clients = new ArrayList<>();
      byte[] half = RawClient.request(SET, "/k", new byte[900_000]);
      for (int i = 0; i < 5; i++) {
        RawClient client = RawClient.greeted(server);
        client.offer(Arrays.copyOf(half, half.length - 1));
        clients.add(client);
      }
      // Three fit whole, and two must have been dropped for that.
      Background.await(
          () -> server.connections() == 3 && server.bufferedBytes() >= 2_700_000, deadline);
      assertThat(server.bufferedBytes()).isLessThanOrEqualTo(3L << 20);
      for (RawClient client : clients) {
        client.reset();
      }
      Background.await(() -> server.bufferedBytes() == 0 && server.connections() == 0, deadline);
      try (RawClient one = RawClient.greeted(server)) {
        one.offer(RawClient.request(SET, "/k", new byte[1 << 20]));
        one.readToEnd();
      }
      Background.await(() -> server.bufferedBytes() == 0, deadline);
      assertThat(server.storedBytes()).isZero();
    }
  }

  @Test
  void a_client_that_does_not_read_its_answers_holds_one_of_them() throws Exception {
    try (TcpStoreServer server = Samples.server();
        TcpStoreClient healthy = connect(server);
        RawClient deaf = RawClient.greeted(server)) {
      healthy.set("big", new byte[4 << 20], deadline);
      healthy.ping(deadline);
      for (int i = 0; i < 1000; i++) {
        deaf.write(RawClient.request(GET, "/big"));
      }
      for (int i = 0; i < 50; i++) {
        healthy.ping(deadline);
        assertThat(server.bufferedBytes()).isLessThan(5 << 20);
      }
      deaf.read(20 << 20);
      assertThat(server.bufferedBytes()).isLessThan(5 << 20);
    }
  }

  @Test
  void an_answer_larger_than_a_connection_may_hold_ends_the_connection() throws Exception {
    try (TcpStoreServer server = Samples.server();
        TcpStoreClient healthy = connect(server);
        RawClient greedy = RawClient.greeted(server)) {
      healthy.set("big", new byte[8 << 20], deadline);
      healthy.ping(deadline);
      String[] keys = new String[100];
      Arrays.fill(keys, "/big");
      greedy.write(RawClient.keys(MULTI_GET, keys));
      assertThat(greedy.readToEnd()).isZero();
      healthy.ping(deadline);
    }
  }

  @Test
  void many_appends_cost_what_they_add_and_stop_at_the_largest_value() throws Exception {
    try (TcpStoreServer server = Samples.server();
        TcpStoreClient healthy = connect(server);
        TcpStoreClient appender = connect(server)) {
      byte[] piece = new byte[100];
      for (int i = 0; i < 20_000; i++) {
        Arrays.fill(piece, (byte) i);
        appender.append("log", piece, deadline);
      }
      byte[] log = appender.get("log", deadline);
      assertThat(log).hasSize(2_000_000);
      for (int i = 0; i < log.length; i += 99) {
        assertThat(log[i]).isEqualTo((byte) (i / 100));
      }
      try (RawClient greedy = RawClient.greeted(server)) {
        greedy.offer(RawClient.request(APPEND, "/log", new byte[7 << 20]));
        assertThat(greedy.readToEnd()).isZero();
      }
      assertThat(healthy.get("log", deadline)).hasSize(2_000_000);
    }
  }

  @Test
  void connections_past_the_limit_are_closed_and_places_become_free() throws Exception {
    TcpStoreServerOptions two = TcpStoreServerOptions.defaults().withMaxConnections(2);
    try (TcpStoreServer server = Samples.server(two);
        TcpStoreClient first = connect(server)) {
      try (TcpStoreClient second = connect(server);
          RawClient third = RawClient.greeted(server)) {
        assertThat(third.readToEnd()).isZero();
        second.ping(deadline);
      }
      Background.await(() -> server.connections() == 1, deadline);
      try (TcpStoreClient again = connect(server)) {
        again.ping(deadline);
      }
      first.ping(deadline);
    }
  }

  @Test
  void stalled_and_idle_connections_are_dropped_and_busy_ones_are_not() throws Exception {
    TcpStoreServerOptions strict =
        TcpStoreServerOptions.defaults()
            .withTimeouts(Duration.ofMillis(150), Duration.ofMillis(1500));
    try (TcpStoreServer server = Samples.server(strict);
        TcpStoreClient busy = connect(server);
        RawClient mute = new RawClient(server);
        RawClient halfway = RawClient.greeted(server);
        RawClient idle = RawClient.greeted(server)) {
      halfway.write(Arrays.copyOf(RawClient.request(SET, "/k", new byte[10]), 20));
      assertThat(mute.readToEnd()).isZero();
      assertThat(halfway.readToEnd()).isZero();
      Background<Long> dropped = Background.run(idle::readToEnd);
      while (!dropped.isDone()) {
        busy.ping(deadline);
        Background.settle();
      }
      busy.ping(deadline);
      assertThat(server.connections()).isEqualTo(1);
    }
  }

  @Test
  void a_client_that_dies_in_the_middle_of_a_request_leaves_nothing_behind() throws Exception {
    try (TcpStoreServer server = Samples.server();
        TcpStoreClient healthy = connect(server)) {
      byte[] request = RawClient.request(SET, "/k", new byte[5000]);
      for (int cut = 1; cut < request.length; cut += 97) {
        RawClient client = RawClient.greeted(server);
        client.write(Arrays.copyOf(request, cut));
        if (cut % 2 == 0) {
          client.reset();
        } else {
          client.close();
        }
      }
      healthy.ping(deadline);
      Background.await(() -> server.connections() == 1 && server.bufferedBytes() == 0, deadline);
      assertThat(healthy.keyCount(deadline)).isZero();
    }
  }

  private TcpStoreClient connect(TcpStoreServer server) {
    return TcpStoreClient.connect("127.0.0.1", server.port(), deadline);
  }
}
