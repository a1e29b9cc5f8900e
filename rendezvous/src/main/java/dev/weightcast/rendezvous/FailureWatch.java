package dev.weightcast.rendezvous;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.TransferAbortedException;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferTimeoutException;
import dev.weightcast.rendezvous.internal.LastWills;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Spreads the failure of one rank to all ranks of ours in a group.
 *
 * <p>Each rank has one daemon thread with a connection of its own to the store, so that no wait of
 * the group is in its way. It waits for somebody's failure, and writes this rank's own when it is
 * {@link #tell told}. Only the first failure counts. The connection has left a last will: when the
 * process is killed, our server itself writes the failure. When the store is lost, that is rank 0's
 * failure.
 *
 * <p>Ends with the first failure, its own or another's, and when the group is closed. Safe for any
 * thread.
 */
public final class FailureWatch {

  private static final Logger LOG = System.getLogger(FailureWatch.class.getName());

  /** How often a wait is begun anew, so that no connection seems idle to the server. */
  private static final Duration LOOK = Duration.ofSeconds(60);

  /** How long this rank's own failure may take to get to the store. */
  private static final Duration TELLING = Duration.ofMillis(100);

  /** How much later than its consequences a failure may be known. */
  private static final Duration PATIENCE = Duration.ofMillis(250);

  /** The watch sleeps most of its life: telling wakes it, and so do the store and closing. */
  private static final Duration SLICE = Duration.ofSeconds(1);

  private static final Duration ONE_ATTEMPT = Duration.ofMillis(500);

  private static final Duration UPKEEP = Duration.ofSeconds(2);

  private final int rank;
  private final int worldSize;
  private final TcpStoreClient own;
  private final TcpStoreClient members;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final AtomicReference<@Nullable String> reason = new AtomicReference<>();
  private volatile Deadline look = Deadline.after(Deadline.MAX_TIMEOUT);
  private volatile long toldNanos;
  private volatile boolean mayLoseStore;
  private volatile boolean endsWaits = true;
  private volatile @Nullable GroupFailure failure;

  private FailureWatch(int rank, int worldSize, TcpStoreClient own, TcpStoreClient members) {
    this.rank = rank;
    this.worldSize = worldSize;
    this.own = own;
    this.members = members;
  }

  /**
   * Connects and watches.
   *
   * @param members the group's connection, which is closed when another rank has failed, so that
   *     whoever waits on it stops; see {@link #leaveConnectionOpen}
   */
  static FailureWatch start(int rank, int worldSize, TcpStoreClient members, Deadline deadline) {
    TcpStoreClient own;
    try {
      own = introduced(rank, members, deadline);
    } catch (TransferTimeoutException | TransferAbortedException e) {
      throw e;
    } catch (TransferException e) {
      throw new GroupFailedException(storeGone(members), e);
    }
    FailureWatch watch = new FailureWatch(rank, worldSize, own, members);
    Thread thread = new Thread(watch::watch, "weightcast-watch-" + rank);
    thread.setDaemon(true);
    thread.start();
    return watch;
  }

  /** A second connection, with a last will; the store was there just now. */
  private static TcpStoreClient introduced(int rank, TcpStoreClient members, Deadline deadline) {
    TcpStoreClient own = connected(members, deadline);
    try {
      GroupFailure will = GroupFailure.gone(rank, "its connection to the store was closed");
      own.set(LastWills.PREFIX.substring(1) + rank, will.toBytes(), deadline);
      // Answered only after the will was taken, so nothing that follows on another connection can
      // overtake it.
      own.ping(deadline);
      own.lengthenSlices(SLICE);
      return own;
    } catch (RuntimeException | Error e) {
      own.close();
      throw e;
    }
  }

  private static TcpStoreClient connected(TcpStoreClient members, Deadline deadline) {
    while (true) {
      try {
        return members.another(Deadline.after(ONE_ATTEMPT));
      } catch (TransferTimeoutException e) {
        members.ping(deadline); // throws if there is nothing to connect to any more
      }
    }
  }

  private static GroupFailure storeGone(TcpStoreClient client) {
    return GroupFailure.gone(
        0, "the connection to its store at " + client.address() + " was closed");
  }

  private void watch() {
    try {
      while (failure == null) {
        look = Deadline.after(Deadline.MAX_TIMEOUT);
        String mine = reason.get(); // after the deadline was made that tell() cancels
        if (mine != null) {
          write(GroupFailure.left(rank, mine));
          return;
        }
        lookOnce();
      }
    } catch (TransferException e) {
      lost(e);
    } finally {
      own.close();
      ended.countDown();
      if (failure != null && endsWaits) {
        members.close();
      }
    }
  }

  private void lookOnce() {
    try {
      if (own.await(List.of(GroupFailure.KEY), LOOK, look)) {
        note(own.get(GroupFailure.KEY, look));
      } else {
        keepUp();
      }
    } catch (TransferTimeoutException | TransferAbortedException e) {
      // The look was called off, or the store does not answer now: that is for deadlines to end.
      if (Thread.interrupted()) {
        LOG.log(Level.DEBUG, "somebody interrupted {0}", Thread.currentThread().getName());
      }
    }
  }

  /** The group's connection may be silent for days; this shows the server that it is in use. */
  private void keepUp() {
    try {
      members.await(List.of(LastWills.PREFIX.substring(1) + rank), UPKEEP, Deadline.after(UPKEEP));
    } catch (TransferException e) {
      LOG.log(Level.DEBUG, "the group's own connection: {0}", e.getMessage());
    }
  }

  private void write(GroupFailure mine) {
    try {
      byte[] first =
          own.compareAndSet(GroupFailure.KEY, new byte[0], mine.toBytes(), Deadline.after(TELLING));
      note(first);
    } catch (TransferTimeoutException | TransferAbortedException e) {
      LOG.log(Level.DEBUG, "the other ranks could not be told: {0}", e.getMessage());
    }
  }

  private void note(byte[] first) {
    GroupFailure found = GroupFailure.fromBytes(first, worldSize);
    if (reason.get() == null || found.rank().isEmpty() || found.rank().getAsInt() != rank) {
      failure = found;
    }
  }

  private void lost(TransferException e) {
    if (reason.get() != null || mayLoseStore) {
      LOG.log(Level.DEBUG, "rank {0} watches no more: {1}", rank, e.getMessage());
      return;
    }
    failure = storeGone(own);
  }

  /**
   * What has ended the group, if it was not this rank.
   *
   * @return the failure, or empty while none is known
   */
  public Optional<GroupFailure> failure() {
    return Optional.ofNullable(failure);
  }

  /**
   * Whether it still hears of failures.
   *
   * @return false once a failure has come, was told, or the store is lost
   */
  public boolean isWatching() {
    return ended.getCount() > 0;
  }

  /**
   * Says why this rank leaves; the first reason given stays. Returns at once.
   *
   * @param why as a phrase that completes «rank 2 has left the group: …»
   */
  public void tell(String why) {
    if (reason.compareAndSet(null, why)) {
      toldNanos = System.nanoTime();
      look.cancel("this rank leaves");
      own.wake();
    }
  }

  /**
   * Waits until it has ended: a failure has come, or this rank's own was told or cannot be. An
   * interruption does not shorten the wait, which is to be short, and stays set.
   *
   * @param atMost how long
   * @return whether it has
   */
  public boolean awaitEnd(Duration atMost) {
    boolean interrupted = false;
    long end = System.nanoTime() + atMost.toNanos();
    try {
      while (true) {
        try {
          return ended.await(end - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * What to throw instead of an exception that may have come of another rank's failure: whoever is
   * hit by that hears of it a little before or after the reason comes here.
   *
   * @param e what happened to this rank
   * @param deadline the time it had; if that is over, the exception stays as it is
   * @return a {@link GroupFailedException} if a failure is known within a quarter of a second
   */
  public RuntimeException explain(RuntimeException e, Deadline deadline) {
    if (e instanceof GroupFailedException
        || e instanceof InvalidInfoException
        || deadline.isOver()
        || Thread.currentThread().isInterrupted()) {
      return e;
    }
    awaitEnd(PATIENCE);
    GroupFailure known = failure;
    return known == null ? e : new GroupFailedException(known, e);
  }

  /**
   * From now on a failure does not end what waits on the group's connection: whoever waits there
   * looks after {@link #failure} himself, and can still read what others left on the store.
   */
  public void leaveConnectionOpen() {
    endsWaits = false;
  }

  /** From now on a store that closes is no failure: it is not one of ours. */
  void storeMayLeave() {
    mayLoseStore = true;
  }

  /** How long ago this rank said that it leaves. */
  Duration sinceTold() {
    return Duration.ofNanos(System.nanoTime() - toldNanos);
  }

  /** Ends it at once, told or not. */
  void close() {
    tell("it was closed");
    own.close();
  }
}
