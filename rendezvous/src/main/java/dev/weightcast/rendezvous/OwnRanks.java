package dev.weightcast.rendezvous;

import dev.weightcast.api.Deadline;
import dev.weightcast.rendezvous.internal.Failures;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** The list of the ranks that are ours, which rank 0 writes when all have joined. */
final class OwnRanks {

  static final String KEY = "weightcast/ranks";

  private OwnRanks() {}

  /** Writes it, and returns when it is there. */
  static void publish(Store store, List<Integer> ranks, Deadline deadline) {
    String text = ranks.stream().map(String::valueOf).collect(Collectors.joining(","));
    store.compareAndSet(KEY, new byte[0], text.getBytes(StandardCharsets.US_ASCII), deadline);
  }

  static List<Integer> fromBytes(byte[] bytes, int worldSize) {
    String text = new String(bytes, StandardCharsets.US_ASCII);
    List<Integer> ranks = new ArrayList<>();
    int before = -1;
    for (String word : text.split(",", -1)) {
      int rank = word.matches("[0-9]{1,9}") ? Integer.parseInt(word) : -1;
      if (rank <= before || rank >= worldSize) {
        throw Failures.failed(
            "what lies on the store under '"
                + KEY
                + "' is no list of ranks of a group of "
                + worldSize
                + ": '"
                + Failures.excerpt(text)
                + "'",
            null);
      }
      ranks.add(rank);
      before = rank;
    }
    return List.copyOf(ranks);
  }
}
