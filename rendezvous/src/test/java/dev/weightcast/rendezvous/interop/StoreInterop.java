package dev.weightcast.rendezvous.interop;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.UniqueId;
import dev.weightcast.api.WeightTransferException;
import dev.weightcast.rendezvous.SharedValue;
import dev.weightcast.rendezvous.StatelessProcessGroup;
import dev.weightcast.rendezvous.Store;
import dev.weightcast.rendezvous.TcpStoreClient;
import dev.weightcast.rendezvous.TcpStoreServer;
import dev.weightcast.rendezvous.TcpStoreServerOptions;
import dev.weightcast.rendezvous.UniqueIdExchange;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The Java side of interop runs: reads one command a line, answers one line, {@code ok …} or {@code
 * error …}. Values are hex, {@code -} is the empty one. Needs nothing but this module and api.
 */
public final class StoreInterop {

  private final Map<String, TcpStoreServer> servers = new HashMap<>();
  private final Map<String, Store> clients = new HashMap<>();

  private StoreInterop() {}

  /**
   * Serves commands until the input ends.
   *
   * @param args none
   * @throws IOException if the input cannot be read
   */
  public static void main(String[] args) throws IOException {
    StoreInterop interop = new StoreInterop();
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String answer;
      try {
        answer = "ok " + interop.run(line.strip().split(" "));
      } catch (WeightTransferException e) {
        answer = "error " + e.getClass().getSimpleName() + " " + e.getMessage();
      } catch (Exception e) {
        answer = "error " + e;
      }
      System.out.println(answer.strip());
      System.out.flush();
    }
  }

  private String run(String[] a) throws Exception {
    return switch (a[0]) {
      case "serve" -> {
        TcpStoreServer server =
            TcpStoreServer.bind(a[2], Integer.parseInt(a[3]), TcpStoreServerOptions.defaults());
        servers.put(a[1], server);
        yield Integer.toString(server.port());
      }
      case "stop" -> {
        servers.remove(a[1]).close();
        yield "";
      }
      case "connect" -> {
        clients.put(a[1], TcpStoreClient.connect(a[2], Integer.parseInt(a[3]), in(a[4])));
        yield "";
      }
      case "close" -> {
        clients.remove(a[1]).close();
        yield "";
      }
      case "readpickle" -> value(SharedValue.fromPickle(bytes(a[1])));
      case "writepickle" -> hex(shared(a[1], a[2]).toPickle());
      case "group" -> group(a[1], Integer.parseInt(a[2]), Integer.parseInt(a[3]), a[4], in(a[5]));
      case "bench" -> bench(Integer.parseInt(a[1]), Integer.parseInt(a[2]), in(a[3]));
      default -> onClient(a, clients.get(a[1]), in(a[2]));
    };
  }

  /** {@code <operation> <client> <seconds> …}. */
  private static String onClient(String[] a, Store store, Deadline deadline) {
    return switch (a[0]) {
      case "set" -> {
        store.set(a[3], bytes(a[4]), deadline);
        yield "";
      }
      case "get" -> hex(store.get(a[3], deadline));
      case "add" -> Long.toString(store.add(a[3], Long.parseLong(a[4]), deadline));
      case "check" -> Boolean.toString(store.check(list(a[3]), deadline));
      case "wait" -> {
        store.await(list(a[3]), deadline);
        yield "";
      }
      case "compare_set" -> hex(store.compareAndSet(a[3], bytes(a[4]), bytes(a[5]), deadline));
      case "delete" -> Boolean.toString(store.delete(a[3], deadline));
      case "append" -> {
        store.append(a[3], bytes(a[4]), deadline);
        yield "";
      }
      case "multi_get" ->
          String.join(
              ",", store.getAll(list(a[3]), deadline).stream().map(StoreInterop::hex).toList());
      case "multi_set" -> {
        Map<String, byte[]> values = new LinkedHashMap<>();
        for (int i = 3; i < a.length; i += 2) {
          values.put(a[i], bytes(a[i + 1]));
        }
        store.setAll(values, deadline);
        yield "";
      }
      case "num_keys" -> Long.toString(store.keyCount(deadline));
      case "ping" -> {
        store.ping(deadline);
        yield "";
      }
      default -> throw new IllegalArgumentException("no such command: " + a[0]);
    };
  }

  /** Several ranks of one group in this process; all of them say the same at the end. */
  private static String group(String host, int port, int worldSize, String ranks, Deadline deadline)
      throws Exception {
    return onThreads(
        list(ranks),
        rank -> {
          try (StatelessProcessGroup group =
              StatelessProcessGroup.join(host, port, Integer.parseInt(rank), worldSize, deadline)) {
            UniqueId id = UniqueIdExchange.on(group).exchange(StoreInterop::sampleId, deadline);
            List<SharedValue> all =
                group.allGather(SharedValue.of("rank " + group.rank()), deadline);
            group.barrier(deadline);
            return hex(id.toByteArray())
                + " "
                + String.join(",", all.stream().map(StoreInterop::value).toList());
          }
        });
  }

  /** Seconds for all ranks to join and read one value, a number for each round. */
  private static String bench(int ranks, int rounds, Deadline deadline) throws Exception {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < ranks; i++) {
      names.add(Integer.toString(i));
    }
    List<String> seconds = new ArrayList<>();
    for (int i = 0; i < rounds; i++) {
      long start = System.nanoTime();
      try (TcpStoreServer server =
          TcpStoreServer.bind("127.0.0.1", 0, TcpStoreServerOptions.defaults())) {
        onThreads(names, rank -> joinAndRead(server, Integer.parseInt(rank), ranks, deadline));
        seconds.add(String.format(Locale.ROOT, "%.4f", (System.nanoTime() - start) / 1e9));
      }
    }
    return String.join(" ", seconds);
  }

  private static String joinAndRead(
      TcpStoreServer server, int rank, int worldSize, Deadline deadline) throws Exception {
    if (rank == 0) {
      StatelessProcessGroup group = StatelessProcessGroup.host(server, worldSize, deadline);
      group.store().set("value", sampleId().toByteArray(), deadline);
      return "read";
    }
    try (StatelessProcessGroup group =
        StatelessProcessGroup.join("127.0.0.1", server.port(), rank, worldSize, deadline)) {
      byte[] value = group.store().get("value", deadline);
      return Arrays.equals(value, sampleId().toByteArray()) ? "read" : "wrong value";
    }
  }

  private interface Body {
    String run(String name) throws Exception;
  }

  private static String onThreads(List<String> names, Body body) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(names.size());
    try {
      List<Future<String>> futures = new ArrayList<>();
      for (String name : names) {
        futures.add(threads.submit(() -> body.run(name)));
      }
      String answer = "";
      for (Future<String> future : futures) {
        String one = future.get();
        if (!answer.isEmpty() && !answer.equals(one)) {
          throw new IllegalStateException("ranks disagree: " + answer + " and " + one);
        }
        answer = one;
      }
      return answer;
    } finally {
      threads.shutdownNow();
    }
  }

  private static UniqueId sampleId() {
    byte[] id = new byte[UniqueId.BYTES];
    for (int i = 0; i < id.length; i++) {
      id[i] = (byte) (i * 7 + 3);
    }
    return UniqueId.of(id);
  }

  private static Deadline in(String seconds) {
    return Deadline.after(Duration.ofMillis((long) (Double.parseDouble(seconds) * 1000)));
  }

  private static SharedValue shared(String kind, String hex) {
    return switch (kind) {
      case "none" -> SharedValue.none();
      case "str" -> SharedValue.of(new String(bytes(hex), StandardCharsets.UTF_8));
      case "bytes" -> SharedValue.of(bytes(hex));
      case "id" -> SharedValue.of(UniqueId.of(bytes(hex)));
      default -> throw new IllegalArgumentException("no such kind: " + kind);
    };
  }

  private static String value(SharedValue value) {
    if (value instanceof SharedValue.Text text) {
      return "str:" + hex(text.text().getBytes(StandardCharsets.UTF_8));
    }
    if (value instanceof SharedValue.Bytes content) {
      return "bytes:" + hex(content.content());
    }
    if (value instanceof SharedValue.Id id) {
      return "id:" + hex(id.id().toByteArray());
    }
    return "none:-";
  }

  private static List<String> list(String text) {
    return List.of(text.split(","));
  }

  private static byte[] bytes(String hex) {
    return hex.equals("-") ? new byte[0] : HexFormat.of().parseHex(hex);
  }

  private static String hex(byte[] bytes) {
    return bytes.length == 0 ? "-" : HexFormat.of().formatHex(bytes);
  }
}
