package dev.weightcast.rendezvous.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.TransferTimeoutException;
import dev.weightcast.rendezvous.Replayable;
import dev.weightcast.rendezvous.Store;
import java.io.DataInputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Our client says byte for byte what torch's said, and understands what torch's servers said. */
class ClientReplayTest {

  private static final int CAPTURED_NONCE = 0x30e;
  private static final long SEED = 20_261_123;

  private final Deadline deadline = Deadline.after(Duration.ofSeconds(30));

  private interface Call {
    void on(Store store);
  }

  @ParameterizedTest
  @CsvSource({
    "libuv,WHOLE", "libuv,BYTE_BY_BYTE", "libuv,RANDOM",
    "legacy,WHOLE", "legacy,BYTE_BY_BYTE", "legacy,RANDOM",
    "join,WHOLE", "join,BYTE_BY_BYTE", "join,RANDOM"
  })
  void our_client_against_recorded_server_bytes(String backend, Segmentation cut) throws Exception {
    System.out.println("seed " + SEED);
    List<Capture.Exchange> exchanges = Capture.of(backend);
    ExecutorService threads = Executors.newSingleThreadExecutor();
    try (ServerSocket listener = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      Future<?> server = threads.submit(() -> play(listener, exchanges, cut));
      Endpoint endpoint = new Endpoint("127.0.0.1", listener.getLocalPort());
      Connector connector =
          new Connector(endpoint, Resolver.system(), new Backoff(new Random(SEED)), CAPTURED_NONCE);
      try (Store store = Replayable.client(connector.connect(deadline))) {
        Map<String, Call> calls = calls();
        for (Capture.Exchange exchange : exchanges) {
          if (!exchange.operation().equals("connect")) {
            assertThat(calls).containsKey(exchange.operation());
            calls.get(exchange.operation()).on(store);
          }
        }
        server.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private static Void play(
      ServerSocket listener, List<Capture.Exchange> exchanges, Segmentation cut) throws Exception {
    Random random = new Random(SEED);
    try (Socket socket = listener.accept()) {
      socket.setTcpNoDelay(true);
      DataInputStream in = new DataInputStream(socket.getInputStream());
      for (Capture.Exchange exchange : exchanges) {
        for (Capture.Message message : exchange.messages()) {
          if (message.fromClient()) {
            byte[] said = new byte[message.bytes().length];
            in.readFully(said);
            assertThat(said).as(exchange.operation()).isEqualTo(message.bytes());
          } else {
            cut.write(socket.getOutputStream(), message.bytes(), random);
          }
        }
      }
      return null;
    }
  }

  private Map<String, Call> calls() {
    Map<String, Call> calls = new LinkedHashMap<>();
    calls.put("set k v", s -> s.set("k", bytes(0x76, 0, 0xff), deadline));
    calls.put("get k", s -> assertThat(s.get("k", deadline)).isEqualTo(bytes(0x76, 0, 0xff)));
    calls.put("add n 5", s -> assertThat(s.add("n", 5, deadline)).isEqualTo(5));
    calls.put("add n -2", s -> assertThat(s.add("n", -2, deadline)).isEqualTo(3));
    calls.put("get n", s -> assertThat(s.get("n", deadline)).isEqualTo(text("3")));
    calls.put("check k", s -> assertThat(s.check(List.of("k"), deadline)).isTrue());
    calls.put(
        "check k,missing", s -> assertThat(s.check(List.of("k", "missing"), deadline)).isFalse());
    calls.put("wait k", s -> s.await(List.of("k"), deadline));
    calls.put("wait missing 1s", s -> timesOut(() -> s.await(List.of("missing"), brief())));
    calls.put(
        "get after timeout", s -> assertThat(s.get("k", deadline)).isEqualTo(bytes(0x76, 0, 0xff)));
    calls.put("get missing (2s timeout)", s -> timesOut(() -> s.get("missing2", brief())));
    compareAndSet(calls, "absent,empty", "cs", "", "one", "one");
    compareAndSet(calls, "match", "cs", "one", "two", "two");
    compareAndSet(calls, "mismatch", "cs", "zzz", "three", "two");
    compareAndSet(calls, "absent,nonempty", "cs2", "x", "y", "x");
    calls.put("num_keys", s -> assertThat(s.keyCount(deadline)).isEqualTo(3));
    calls.put("delete k", s -> assertThat(s.delete("k", deadline)).isTrue());
    calls.put("delete missing", s -> assertThat(s.delete("nope", deadline)).isFalse());
    calls.put("append a", s -> s.append("a", text("12"), deadline));
    calls.put("append a again", s -> s.append("a", text("34"), deadline));
    calls.put("get a", s -> assertThat(s.get("a", deadline)).isEqualTo(text("1234")));
    Map<String, byte[]> two = new LinkedHashMap<>();
    two.put("m1", text("x"));
    two.put("m2", text("yy"));
    calls.put("multi_set", s -> s.setAll(two, deadline));
    calls.put(
        "multi_get",
        s ->
            assertThat(s.getAll(List.of("m1", "m2"), deadline))
                .containsExactly(text("x"), text("yy")));
    calls.put("empty value", s -> s.set("e", new byte[0], deadline));
    calls.put("get empty", s -> assertThat(s.get("e", deadline)).isEmpty());
    calls.put("big value 3000", s -> s.set("big", new byte[3000], deadline));
    calls.put("get big", s -> assertThat(s.get("big", deadline)).isEqualTo(new byte[3000]));
    calls.put("wait late (woken)", s -> s.await(List.of("late"), deadline));
    calls.put("join world 2", s -> assertThat(Replayable.join(s, deadline)).isEqualTo(2));
    calls.put(
        "get broadcast",
        s -> assertThat(s.get("broadcast_from/0/0", deadline)).isEqualTo(text("hello")));
    return calls;
  }

  private void compareAndSet(
      Map<String, Call> calls,
      String name,
      String key,
      String expected,
      String desired,
      String answer) {
    calls.put(
        "compare_set " + name,
        s ->
            assertThat(s.compareAndSet(key, text(expected), text(desired), deadline))
                .isEqualTo(text(answer)));
  }

  private static void timesOut(Runnable call) {
    assertThatThrownBy(call::run).isInstanceOf(TransferTimeoutException.class);
  }

  private static Deadline brief() {
    return Deadline.after(Duration.ofMillis(30));
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }
}
