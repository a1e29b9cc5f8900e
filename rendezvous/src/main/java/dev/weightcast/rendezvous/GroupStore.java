package dev.weightcast.rendezvous;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.TransferTimeoutException;
import dev.weightcast.rendezvous.internal.Failures;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** A group's connection to its store, and on rank 0 the store itself. */
final class GroupStore implements AutoCloseable {

  // How often a wait for several ranks looks which of them have come meanwhile.
  private static final Duration LOOK_AGAIN = Duration.ofMillis(250);

  private final TcpStoreClient client;
  private final @Nullable TcpStoreServer server;

  GroupStore(TcpStoreClient client, @Nullable TcpStoreServer server) {
    this.client = client;
    this.server = server;
  }

  TcpStoreClient store() {
    return client;
  }

  /**
   * Waits for a key of each rank, and names the ranks whose keys did not come.
   *
   * @param what what is waited in, such as {@code a barrier}
   * @param keyOf the key of a rank
   * @param ranks the ranks to wait for
   */
  void awaitRanks(String what, IntFunction<String> keyOf, List<Integer> ranks, Deadline deadline) {
    List<Integer> missing = new ArrayList<>(ranks);
    try {
      while (!missing.isEmpty()) {
        // Each time the first one that is missing, with the others looked at in between, so that a
        // time-out can name all.
        if (client.await(List.of(keyOf.apply(missing.get(0))), LOOK_AGAIN, deadline)) {
          missing.remove(0);
        } else {
          missing.removeIf(rank -> client.check(List.of(keyOf.apply(rank)), deadline));
        }
      }
    } catch (TransferTimeoutException e) {
      throw Failures.timeout(
          what
              + " at the store at "
              + client.address()
              + " timed out after "
              + Failures.text(deadline.timeout())
              + ": no word from "
              + ranks(missing)
              + "; look there for what went wrong first",
          deadline,
          missing);
    }
  }

  /** Ranks as people write them. */
  static String ranks(List<Integer> ranks) {
    String list = ranks.toString();
    return (ranks.size() == 1 ? "rank " : "ranks ") + list.substring(1, list.length() - 1);
  }

  @Override
  public void close() {
    client.close();
    if (server != null) {
      server.close();
    }
  }

  @Override
  public String toString() {
    return (server == null ? "store at " : "serving the store at ") + client.address();
  }
}
