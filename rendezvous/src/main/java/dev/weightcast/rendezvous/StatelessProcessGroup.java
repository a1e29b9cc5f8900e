package dev.weightcast.rendezvous;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferTimeoutException;
import dev.weightcast.rendezvous.internal.Failures;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The ranks of one group and the store they share, as vLLM's class of the same name has them: keys
 * and counters are its, so ranks of both kinds mix freely.
 *
 * <p>Rank 0 serves the store and is its first client. It must stay open until the others have read
 * what they need: a {@link #barrier} before {@link #close} makes sure. The calls that all ranks
 * take part in ({@link #broadcast}, {@link #allGather}, {@link #barrier}) are to be made in the
 * same order on every rank, and by one thread at a time; {@link #close} may come from any thread
 * and aborts a call that waits.
 *
 * <p>What is sent is not secret and not authenticated, see the package's description.
 */
public final class StatelessProcessGroup implements AutoCloseable {

  private static final byte[] ARRIVED = {'1'};

  private final int rank;
  private final int worldSize;
  private final GroupStore members;
  private final Broadcasts broadcasts;

  StatelessProcessGroup(int rank, int worldSize, GroupStore members, Broadcasts broadcasts) {
    this.rank = rank;
    this.worldSize = worldSize;
    this.members = members;
    this.broadcasts = broadcasts;
  }

  /**
   * Joins a group; rank 0 serves its store on that address and waits for all, the others connect
   * and do not wait for each other.
   *
   * @param host the address rank 0 listens on, and no other; {@code master_address}
   * @param port the port there; {@code master_port}
   * @param rank this rank, from 0
   * @param worldSize how many ranks there are
   * @param deadline the time it has
   * @return the joined group, the caller's to close
   * @throws InvalidInfoException if rank or world size cannot be, if another rank of ours has the
   *     same number or another world size
   * @throws TransferTimeoutException if not all ranks came, with those that did not as far as they
   *     can be known; or if the store did not answer, with the reason of the last attempt
   * @throws TransferException if the address cannot be bound, the connection failed, or it was
   *     aborted
   */
  public static StatelessProcessGroup join(
      String host, int port, int rank, int worldSize, Deadline deadline) {
    return join(host, port, rank, worldSize, GroupOptions.defaults(), deadline);
  }

  /**
   * Joins a group with options.
   *
   * @param host the address rank 0 listens on
   * @param port the port there
   * @param rank this rank, from 0
   * @param worldSize how many ranks there are
   * @param options what may differ from the defaults
   * @param deadline the time it has
   * @return the joined group, the caller's to close
   * @see #join(String, int, int, int, Deadline)
   */
  public static StatelessProcessGroup join(
      String host, int port, int rank, int worldSize, GroupOptions options, Deadline deadline) {
    Joining joining = new Joining(rank, worldSize, options, deadline);
    return rank == 0 ? joining.serving(host, port) : joining.connecting(host, port);
  }

  /**
   * Joins a group as rank 0 with a server that is listening already, so that its port could be
   * published before.
   *
   * @param server a server of its own for this group; closed with the group, and also when this
   *     call fails
   * @param worldSize how many ranks there are
   * @param deadline the time it has
   * @return the joined group, the caller's to close
   * @see #join(String, int, int, int, Deadline)
   */
  public static StatelessProcessGroup host(
      TcpStoreServer server, int worldSize, Deadline deadline) {
    return host(server, worldSize, GroupOptions.defaults(), deadline);
  }

  /**
   * Joins a group as rank 0 with a server that is listening already, with options.
   *
   * @param server a server of its own for this group; closed with the group, and also when this
   *     call fails
   * @param worldSize how many ranks there are
   * @param options what may differ from the defaults; those of the server are not used
   * @param deadline the time it has
   * @return the joined group, the caller's to close
   */
  public static StatelessProcessGroup host(
      TcpStoreServer server, int worldSize, GroupOptions options, Deadline deadline) {
    Joining joining;
    try {
      joining = new Joining(0, worldSize, options, deadline);
    } catch (InvalidInfoException e) {
      server.close();
      throw e;
    }
    return joining.on(server);
  }

  /**
   * This rank.
   *
   * @return from 0
   */
  public int rank() {
    return rank;
  }

  /**
   * How many ranks there are.
   *
   * @return at least 1
   */
  public int worldSize() {
    return worldSize;
  }

  /**
   * The store, for keys of one's own.
   *
   * @return closed with the group
   */
  public Store store() {
    return members.store();
  }

  /**
   * Hands a value to all other ranks; does not wait until they have read it.
   *
   * <p>It stays on the store for {@link GroupOptions#expiry} and is deleted by a later broadcast.
   *
   * @param value the value
   * @param deadline the time it has
   */
  public void broadcast(SharedValue value, Deadline deadline) {
    broadcasts.send(value, deadline);
  }

  /**
   * Reads the next value that another rank hands to all.
   *
   * @param root the rank that sends it
   * @param deadline the time it has
   * @return the value
   * @throws TransferTimeoutException if it does not come; the root is the missing rank
   * @throws TransferException if what comes is of no known kind, or the connection failed
   */
  public SharedValue receive(int root, Deadline deadline) {
    checkRank("root", root);
    if (root == rank) {
      throw new InvalidInfoException(
          "rank " + rank + " cannot receive its own broadcast; it has the value, use broadcast");
    }
    return broadcasts.receive(root, deadline);
  }

  /**
   * Collects one value of each rank.
   *
   * @param value this rank's
   * @param deadline the time it has
   * @return all values, in the order of the ranks
   * @throws TransferTimeoutException if one does not come, with the ranks that are missing
   */
  public List<SharedValue> allGather(SharedValue value, Deadline deadline) {
    broadcasts.send(value, deadline);
    members.awaitRanks("an all-gather", broadcasts::nextKey, others(), deadline);
    List<SharedValue> all = new ArrayList<>();
    for (int i = 0; i < worldSize; i++) {
      all.add(i == rank ? value : broadcasts.receive(i, deadline));
    }
    return all;
  }

  /**
   * Waits until all ranks have come here; rank 0 also until all have seen that, so it may close
   * afterwards.
   *
   * @param deadline the time it has
   * @throws TransferTimeoutException if one does not come, with the ranks that are missing
   */
  public void barrier(Deadline deadline) {
    String id = barrierId(deadline);
    String arrival = "arrival_" + id + "_";
    String departure = "departure_" + id + "_";
    store().set(arrival + rank, ARRIVED, deadline);
    members.awaitRanks("a barrier", other -> arrival + other, others(), deadline);
    store().set(departure + rank, ARRIVED, deadline);
    if (rank == 0) {
      members.awaitRanks("a barrier's end", other -> departure + other, others(), deadline);
      for (int i = 0; i < worldSize; i++) {
        store().delete(arrival + i, deadline);
        store().delete(departure + i, deadline);
      }
    }
  }

  /**
   * The watch for failures of other ranks of ours.
   *
   * @return empty without {@link GroupOptions#withFailureWatch}
   */
  public Optional<FailureWatch> failureWatch() {
    return Optional.ofNullable(members.failureWatch());
  }

  /**
   * The ranks of ours, as rank 0 has seen them when all had joined; the same on every rank. To be
   * asked after something was received from rank 0, since before that it may not have said.
   *
   * <p>If it has not said, rank 0 is not one of ours, and from now on a store that closes is no
   * failure of the group.
   *
   * @param deadline the time it has
   * @return in ascending order; empty if rank 0 is not one of ours, or there is no {@link
   *     #failureWatch}
   * @throws TransferException if what lies there is no list of ranks, or the store fails
   */
  public List<Integer> ownRanks(Deadline deadline) {
    FailureWatch watch = members.failureWatch();
    if (watch == null) {
      return List.of();
    }
    if (store().check(List.of(OwnRanks.KEY), deadline)) {
      return OwnRanks.fromBytes(store().get(OwnRanks.KEY, deadline), worldSize);
    }
    watch.storeMayLeave();
    return List.of();
  }

  /** Reads a bare key that rank 0 sets, and names rank 0 if it does not. */
  byte[] awaitFromRankZero(String key, Deadline deadline) {
    if (rank != 0) {
      members.awaitRanks("reading '" + key + "'", from -> key, List.of(0), deadline);
    }
    return store().get(key, deadline);
  }

  private String barrierId(Deadline deadline) {
    if (rank == 0) {
      String id = "barrier_" + UUID.randomUUID();
      broadcasts.send(SharedValue.of(id), deadline);
      return id;
    }
    SharedValue value = broadcasts.receive(0, deadline);
    if (value instanceof SharedValue.Text text) {
      return text.text();
    }
    throw Failures.failed(
        "rank 0 is at another call: a barrier's name was expected from it and "
            + value.getClass().getSimpleName()
            + " came; make the calls of the group in the same order on every rank",
        null);
  }

  private List<Integer> others() {
    List<Integer> others = new ArrayList<>();
    for (int i = 0; i < worldSize; i++) {
      if (i != rank) {
        others.add(i);
      }
    }
    return others;
  }

  private void checkRank(String what, int value) {
    if (value < 0 || value >= worldSize) {
      throw new InvalidInfoException(
          what + " " + value + " is not a rank of a group of " + worldSize);
    }
  }

  /**
   * Leaves, and says why to the {@link #failureWatch} of the others. Rank 0 keeps the store open
   * for up to a second if others have not read it; an interruption ends that. A call that waits is
   * aborted. Idempotent.
   *
   * @param reason as a phrase that completes «rank 0 has left the group: …»
   */
  public void leave(String reason) {
    members.leave(reason);
  }

  /**
   * The same without waiting: what others still have to read stays on the store for up to a second,
   * and then it closes by itself.
   *
   * @param reason as a phrase that completes «rank 0 has left the group: …»
   */
  public void abandon(String reason) {
    members.abandon(reason);
  }

  /**
   * Leaves: closes the connection, and on rank 0 the store. A call that waits is aborted. With a
   * {@link #failureWatch} the others are told first, and rank 0 waits for them as in {@link
   * #leave}. Idempotent.
   */
  @Override
  public void close() {
    members.close();
  }

  @Override
  public String toString() {
    return "StatelessProcessGroup[rank " + rank + " of " + worldSize + ", " + members + "]";
  }
}
