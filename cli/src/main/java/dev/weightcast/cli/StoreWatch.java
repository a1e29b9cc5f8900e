package dev.weightcast.cli;

import dev.weightcast.api.Deadline;
import dev.weightcast.rendezvous.TcpStoreClient;
import dev.weightcast.rendezvous.TcpStoreServer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Who has come to a store. Ranks of ours leave their number there; foreign ones, torch's, only
 * count themselves.
 */
final class StoreWatch {

  private static final String RANK_KEY = "weightcast/rank/";
  private static final String WORLD_SIZE_KEY = "weightcast/world_size";
  private static final String REFUSED_KEY = "weightcast/refused";
  private static final int RANKS_LOOKED_FOR = 64;
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final TcpStoreServer server;
  private final TcpStoreClient client;
  private final @Nullable Integer worldSize;
  private final Set<Integer> ranks = new TreeSet<>();
  private String seen = "";
  private String refused = "";
  private long joined;

  StoreWatch(TcpStoreServer server, TcpStoreClient client, @Nullable Integer worldSize) {
    this.server = server;
    this.client = client;
    this.worldSize = worldSize;
  }

  /** Looks once; gives a line for each thing that is new. */
  List<String> look() {
    List<String> news = new ArrayList<>();
    Deadline deadline = Deadline.after(PATIENCE);
    if (has(WORLD_SIZE_KEY, deadline)) {
      int told = told(deadline);
      for (int rank = 0; rank < Math.min(told, RANKS_LOOKED_FOR); rank++) {
        if (!ranks.contains(rank) && has(RANK_KEY + rank, deadline)) {
          ranks.add(rank);
          news.add("rank " + rank + " has joined, it was told world_size " + told);
        }
      }
    }
    joined = server.joined();
    if (refused.isEmpty() && has(REFUSED_KEY, deadline)) {
      refused = text(REFUSED_KEY, deadline);
      news.add("a rank was refused: " + refused);
    }
    String now = counts();
    if (!now.equals(seen)) {
      seen = now;
      news.add(now);
    }
    return news;
  }

  private int told(Deadline deadline) {
    try {
      return Integer.parseInt(text(WORLD_SIZE_KEY, deadline));
    } catch (NumberFormatException e) {
      return 0; // somebody who is not of ours uses the key
    }
  }

  private boolean has(String key, Deadline deadline) {
    return client.check(List.of(key), deadline);
  }

  private String text(String key, Deadline deadline) {
    return new String(client.get(key, deadline), StandardCharsets.UTF_8);
  }

  private String counts() {
    long foreign = Math.max(0, joined - ranks.size());
    int connected = Math.max(0, server.connections() - 1); // without this command's own
    return connected
        + " connected, "
        + joined
        + " joined"
        + (foreign == 0 ? "" : ", " + foreign + " of them without a number, as torch's do")
        + (missing().isEmpty() ? "" : ", missing: rank " + numbers(missing()));
  }

  boolean isComplete() {
    return worldSize != null && joined >= worldSize - 1;
  }

  long joined() {
    return joined;
  }

  Set<Integer> ranks() {
    return ranks;
  }

  /** The workers that have not come; nobody, where foreign ranks may be among those that have. */
  List<Integer> missing() {
    return worldSize == null || joined > ranks.size()
        ? List.of()
        : StoreCommand.workers(worldSize).stream().filter(rank -> !ranks.contains(rank)).toList();
  }

  String summary() {
    return (isComplete() ? "OK: all workers have joined: " : "") + counts();
  }

  private static String numbers(List<Integer> ranks) {
    return String.join(", ", ranks.stream().map(String::valueOf).toList());
  }
}
