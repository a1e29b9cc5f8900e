package dev.weightcast.rendezvous;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.TransferAbortedException;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferTimeoutException;
import dev.weightcast.rendezvous.internal.Endpoint;
import dev.weightcast.rendezvous.internal.Failures;
import dev.weightcast.rendezvous.internal.LastWills;
import dev.weightcast.rendezvous.internal.Pause;
import dev.weightcast.rendezvous.internal.Resolver;
import dev.weightcast.rendezvous.internal.ServerLoop;
import dev.weightcast.rendezvous.internal.StoppedException;
import dev.weightcast.rendezvous.internal.StoreSession;
import java.net.BindException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One rank's way into a group.
 *
 * <p>Every rank counts itself under torch's join counter, {@code init/}. Ranks of ours say two
 * things before that, which a foreign rank neither does nor minds: how large they think the group
 * is, so that a world size that is off by one is an error at once and not a hang later, and who
 * they are, so that a rank that exists twice is found and one that never comes can be named.
 */
final class Joining {

  static final String JOIN_COUNTER = "init/";
  private static final String RANK_KEY = "weightcast/rank/";
  private static final String WORLD_SIZE_KEY = "weightcast/world_size";

  private static final String REFUSED_KEY = "weightcast/refused";

  /** How long rank 0 waits for a port that is taken. */
  private static final Duration PORT_PATIENCE = Duration.ofSeconds(3);

  private static final Duration LOOK_AGAIN = Duration.ofMillis(20);

  private final int rank;
  private final int worldSize;
  private final GroupOptions options;
  private final Resolver resolver;
  private final Deadline deadline;

  Joining(int rank, int worldSize, GroupOptions options, Deadline deadline) {
    this(rank, worldSize, options, Resolver.system(), deadline);
  }

  Joining(int rank, int worldSize, GroupOptions options, Resolver resolver, Deadline deadline) {
    if (worldSize < 1) {
      throw new InvalidInfoException("world_size must be at least 1, it is " + worldSize);
    }
    if (rank < 0 || rank >= worldSize) {
      throw new InvalidInfoException(
          "rank "
              + rank
              + " is not a rank of a group of "
              + worldSize
              + "; ranks are 0 to "
              + (worldSize - 1)
              + ", check world_size and rank_offset");
    }
    this.rank = rank;
    this.worldSize = worldSize;
    this.options = options;
    this.resolver = resolver;
    this.deadline = deadline;
  }

  StatelessProcessGroup serving(String host, int port) {
    if (port == 0) {
      throw new InvalidInfoException(
          "master_port 0 cannot be joined, nobody would know the port; make a TcpStoreServer on"
              + " port 0, publish its port, and host the group with it");
    }
    InetAddress target =
        TcpStoreServer.addressOf(new Endpoint(host, port).host(), resolver, deadline);
    while (true) {
      try {
        return on(TcpStoreServer.bind(target, port, options.server()));
      } catch (TransferException e) {
        // The group before may be about to let go of the port.
        boolean wait = options.failureWatch() && e.getCause() instanceof BindException;
        if (!wait || deadline.elapsed().compareTo(PORT_PATIENCE) > 0 || !paused()) {
          throw e;
        }
      }
    }
  }

  private boolean paused() {
    try {
      Pause.pause(LOOK_AGAIN, deadline);
      return true;
    } catch (StoppedException e) {
      return false;
    }
  }

  StatelessProcessGroup on(TcpStoreServer server) {
    return entering(server.reachableHost(), server.port(), server);
  }

  StatelessProcessGroup connecting(String host, int port) {
    return entering(host, port, null);
  }

  private StatelessProcessGroup entering(String host, int port, @Nullable TcpStoreServer server) {
    @Nullable GroupStore members = null;
    @Nullable String failure = "it could not join";
    try {
      members = new GroupStore(server == null ? admitted(host, port) : own(host, port), server);
      if (server != null) {
        enter(members.store());
      }
      if (options.failureWatch()) {
        members.watch(rank, worldSize, deadline);
      }
      members.store().addOnWire(JOIN_COUNTER, 1, deadline);
      if (server != null) {
        awaitAll(server);
        if (options.failureWatch()) {
          OwnRanks.publish(members.store(), present(server), deadline);
        }
      }
      Broadcasts broadcasts = new Broadcasts(rank, worldSize, members, options);
      StatelessProcessGroup group = new StatelessProcessGroup(rank, worldSize, members, broadcasts);
      failure = null;
      return group;
    } catch (RuntimeException e) {
      FailureWatch watch = members == null ? null : members.failureWatch();
      RuntimeException told = watch == null ? e : watch.explain(e, deadline);
      failure = String.valueOf(told.getMessage());
      throw told;
    } finally {
      if (failure != null) {
        giveUp(members, server, failure);
      }
    }
  }

  private static void giveUp(
      @Nullable GroupStore members, @Nullable TcpStoreServer server, String failure) {
    if (members != null) {
      members.abandon(failure);
    } else if (server != null) {
      server.close();
    }
  }

  private TcpStoreClient own(String host, int port) {
    return TcpStoreClient.connect(host, port, resolver, deadline);
  }

  /** A connection on which this rank has entered a group that can still become complete. */
  private TcpStoreClient admitted(String host, int port) {
    String stale = "";
    try {
      while (true) {
        TcpStoreClient store = TcpStoreClient.connect(host, port, resolver, deadline);
        try {
          stale = enterUnlessStale(store);
        } catch (RuntimeException | Error e) {
          store.close();
          throw e;
        }
        if (stale.isEmpty()) {
          return store;
        }
        store.close();
        Pause.pause(LOOK_AGAIN, deadline);
      }
    } catch (TransferTimeoutException e) {
      // The store is rank 0's, so that is who is missing.
      String message = "rank " + rank + " of " + worldSize + " could not join: " + e.getMessage();
      throw Failures.timeout(
          stale.isEmpty() ? message : message + "; before, " + stale, deadline, List.of(0));
    } catch (StoppedException e) {
      throw Failures.stopped(
          "rank " + rank + " of " + worldSize + " joining at " + new Endpoint(host, port),
          stale + ", and rank 0 has opened no new one",
          deadline,
          e,
          List.of(0));
    }
  }

  /** Enters; or says why the group of this store cannot be joined any more. */
  private String enterUnlessStale(TcpStoreClient store) {
    if (!options.failureWatch()) {
      enter(store);
      return "";
    }
    try {
      if (store.check(List.of(GroupFailure.KEY), deadline)) {
        byte[] failure = store.get(GroupFailure.KEY, deadline);
        return "the group there has failed: "
            + GroupFailure.fromBytes(failure, Integer.MAX_VALUE).message();
      }
      if (store.check(List.of(OwnRanks.KEY), deadline)) {
        return "the group there is complete";
      }
      enter(store);
      return "";
    } catch (TransferTimeoutException | TransferAbortedException e) {
      throw e;
    } catch (TransferException e) {
      return "the store there was closed";
    }
  }

  private void enter(TcpStoreClient store) {
    byte[] mine = Integer.toString(worldSize).getBytes(StandardCharsets.US_ASCII);
    StoreSession.StringAndNumber answers =
        store.compareAndSetThenAdd(WORLD_SIZE_KEY, new byte[0], mine, RANK_KEY + rank, deadline);
    String theirs = new String(answers.string(), StandardCharsets.US_ASCII);
    if (!theirs.equals(Integer.toString(worldSize))) {
      throw refused(
          store,
          "rank "
              + rank
              + " was told world_size "
              + worldSize
              + ", another rank of the group at "
              + store.address()
              + " was told "
              + Failures.excerpt(theirs)
              + "; every rank must get the same");
    }
    if (answers.number() != 1) {
      throw refused(
          store,
          "rank "
              + rank
              + " has joined the group at "
              + store.address()
              + " already; check rank_offset of each server, or start the group afresh if this is"
              + " a rank that came back");
    }
  }

  /** Leaves word for rank 0, which would otherwise wait for a rank that cannot come. */
  private InvalidInfoException refused(TcpStoreClient store, String why) {
    store.set(REFUSED_KEY, why.getBytes(StandardCharsets.UTF_8), deadline);
    return new InvalidInfoException(why);
  }

  private void awaitAll(TcpStoreServer server) {
    ServerLoop loop = server.loop();
    try {
      while (loop.counter(JOIN_COUNTER) < worldSize) {
        String refusal = loop.text("/" + REFUSED_KEY);
        if (!refusal.isEmpty()) {
          throw new InvalidInfoException(
              "the group cannot become complete: " + Failures.excerpt(refusal));
        }
        String failure = loop.text(LastWills.FAILED);
        if (!failure.isEmpty()) {
          byte[] bytes = failure.getBytes(StandardCharsets.UTF_8);
          throw new GroupFailedException(GroupFailure.fromBytes(bytes, worldSize), null);
        }
        StoppedException.check(deadline);
        if (server.isClosed()) {
          throw StoppedException.closed();
        }
        loop.await(
            JOIN_COUNTER,
            worldSize,
            List.of("/" + REFUSED_KEY, LastWills.FAILED),
            Math.max(1, deadline.slice().toMillis()));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      awaitAll(server);
    } catch (StoppedException e) {
      throw incomplete(server, e);
    }
  }

  /** The ranks that have said that they are ours. */
  private List<Integer> present(TcpStoreServer server) {
    List<Integer> present = new ArrayList<>();
    for (int i = 0; i < worldSize; i++) {
      if (server.loop().contains("/" + RANK_KEY + i)) {
        present.add(i);
      }
    }
    return present;
  }

  private RuntimeException incomplete(TcpStoreServer server, StoppedException stop) {
    long joined = Math.min(server.loop().counter(JOIN_COUNTER), worldSize);
    List<Integer> silent = new ArrayList<>();
    for (int i = 0; i < worldSize; i++) {
      silent.add(i);
    }
    silent.removeAll(present(server));
    long foreign = Math.max(0, joined - (worldSize - silent.size()));
    String who =
        foreign == 0
            ? "missing: " + GroupStore.ranks(silent)
            : foreign
                + " joined without saying which rank (a foreign peer cannot be named, only counted),"
                + " so "
                + (worldSize - joined)
                + " of "
                + GroupStore.ranks(silent)
                + " missing";
    String advice =
        joined
            + " of "
            + worldSize
            + " ranks joined, "
            + who
            + "; check that each of them was started, got this address and port, and the same"
            + " world_size";
    return Failures.stopped(
        "waiting for all ranks at the store at " + server.address(),
        advice,
        deadline,
        stop,
        foreign == 0 ? silent : List.of());
  }
}
