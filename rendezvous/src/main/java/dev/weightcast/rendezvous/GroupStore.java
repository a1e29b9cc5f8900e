package dev.weightcast.rendezvous;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.TransferTimeoutException;
import dev.weightcast.rendezvous.internal.Failures;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A group's connection to its store, on rank 0 the store itself, and with it the watch for failures
 * if there is one.
 */
final class GroupStore implements AutoCloseable {

  // How often a wait for several ranks looks which of them have come meanwhile.
  private static final Duration LOOK_AGAIN = Duration.ofMillis(250);

  /** How long rank 0 keeps the store open, after it said why it leaves, for others to read that. */
  private static final Duration FAREWELL = Duration.ofSeconds(1);

  private static final Duration READERS_LOOK = Duration.ofMillis(2);

  /** What telling takes at most, and a little more. */
  private static final Duration TOLD = Duration.ofMillis(200);

  private final TcpStoreClient client;
  private final @Nullable TcpStoreServer server;
  private volatile @Nullable FailureWatch watch;

  GroupStore(TcpStoreClient client, @Nullable TcpStoreServer server) {
    this.client = client;
    this.server = server;
  }

  TcpStoreClient store() {
    return client;
  }

  /** Starts to watch for failures; from now on the server knows if this process ends. */
  void watch(int rank, int worldSize, Deadline deadline) {
    watch = FailureWatch.start(rank, worldSize, client, deadline);
  }

  @Nullable FailureWatch failureWatch() {
    return watch;
  }

  /**
   * Leaves, and lets the others read why: they have a moment for it, which an interruption ends.
   */
  void leave(String reason) {
    FailureWatch mine = watch;
    if (mine != null) {
      mine.tell(reason);
      boolean told = mine.awaitEnd(TOLD);
      if (told && server != null) {
        awaitReaders(server, mine);
      }
      mine.close();
    }
    closeAll();
  }

  /** The same, but waits for nobody: if the others need their moment, a thread gives it to them. */
  void abandon(String reason) {
    FailureWatch mine = watch;
    if (mine != null) {
      mine.tell(reason); // its thread does that, and ends by itself
    }
    if (mine == null || server == null) {
      closeAll();
      return;
    }
    Thread thread = new Thread(() -> leave(reason), "weightcast-farewell-" + server.port());
    thread.setDaemon(true);
    thread.start();
  }

  /** Whoever has read it closes its connection, and with that its last will is void. */
  private static void awaitReaders(TcpStoreServer server, FailureWatch mine) {
    while (server.loop().wills() > 0
        && mine.sinceTold().compareTo(FAREWELL) < 0
        && !Thread.currentThread().isInterrupted()) {
      LockSupport.parkNanos(READERS_LOOK.toNanos());
    }
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

  private void closeAll() {
    client.close();
    if (server != null) {
      server.close();
    }
  }

  @Override
  public void close() {
    leave("it was closed");
  }

  @Override
  public String toString() {
    return (server == null ? "store at " : "serving the store at ") + client.address();
  }
}
