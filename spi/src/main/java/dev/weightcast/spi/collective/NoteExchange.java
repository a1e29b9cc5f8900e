package dev.weightcast.spi.collective;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.TransferAbortedException;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.WeightTransferException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * This rank's end of a side channel, with waits that look after the deadline and the communicator,
 * and the account of what it has posted.
 */
final class NoteExchange {

  private static final Logger LOG = System.getLogger("dev.weightcast");

  /** How long one look waits for a note. */
  private static final Duration PATIENCE = Duration.ofMillis(50);

  /** What taking notes away may take where nobody needs the channel after it. */
  private static final Duration CLEAN_UP = Duration.ofSeconds(1);

  private final SideChannel channel;
  private final Consumer<OperationProgress> health;
  private final Set<String> posted = new LinkedHashSet<>();
  private volatile List<Integer> waitingFor = List.of();

  /**
   * @param channel where the notes are
   * @param health throws if the communicator has failed
   */
  NoteExchange(SideChannel channel, Consumer<OperationProgress> health) {
    this.channel = channel;
    this.health = health;
  }

  /** The ranks whose notes are waited for; asked by any thread. */
  List<Integer> waitingFor() {
    return waitingFor;
  }

  void post(String name, byte[] note, OperationProgress progress) {
    posted.add(name);
    try {
      channel.post(name, note, progress.deadline());
    } catch (WeightTransferException e) {
      throw inContext(e, progress);
    }
  }

  /** Waits for one rank's note. */
  byte[] await(int rank, String name, OperationProgress progress) {
    byte[] note = await(List.of(rank), name, progress).get(rank);
    if (note == null) {
      throw new IllegalStateException("no note of rank " + rank);
    }
    return note;
  }

  /** Waits for the notes of that name from all these ranks. */
  Map<Integer, byte[]> await(Collection<Integer> ranks, String name, OperationProgress progress) {
    Map<Integer, byte[]> notes = new TreeMap<>();
    Set<Integer> pending = new TreeSet<>(ranks);
    try {
      while (!pending.isEmpty()) {
        waitingFor = List.copyOf(pending);
        Duration patience = PATIENCE; // for the first; the others are only looked at
        for (Integer rank : waitingFor) {
          Optional<byte[]> note = read(rank, name, patience, progress);
          if (note.isPresent()) {
            notes.put(rank, note.get());
            pending.remove(rank);
          } else {
            patience = Duration.ZERO;
          }
        }
        waitingFor = List.copyOf(pending);
        if (!pending.isEmpty()) {
          health.accept(progress);
          if (progress.deadline().isOver()) {
            throw progress.over(waitingFor, null);
          }
        }
      }
      return notes;
    } finally {
      waitingFor = List.of();
    }
  }

  private Optional<byte[]> read(
      int rank, String name, Duration patience, OperationProgress progress) {
    try {
      return channel.read(rank, name, patience, progress.deadline());
    } catch (WeightTransferException e) {
      throw inContext(e, progress);
    }
  }

  private TransferException inContext(WeightTransferException e, OperationProgress progress) {
    if (progress.deadline().isOver()) {
      return progress.over(waitingFor, e);
    }
    if (e instanceof PeerFailure peer) {
      return progress.rankFailed(peer, null);
    }
    health.accept(progress); // a channel may fail because a rank has
    if (e instanceof TransferAbortedException) {
      Throwable cause = e.getCause();
      return progress.aborted("its thread was interrupted", cause == null ? e : cause);
    }
    return progress.failed("the notes to the other ranks", e);
  }

  /** Looks for a note once more, in a group that may be about to end; never throws. */
  Optional<byte[]> lookOnce(int rank, String name, Deadline deadline) {
    try {
      return channel.read(rank, name, Duration.ZERO, deadline);
    } catch (WeightTransferException e) {
      return Optional.empty();
    }
  }

  /**
   * Waits for notes that nothing depends on, and gives up on a rank that cannot be read; never
   * throws.
   *
   * @param enough whether to stop early
   */
  void awaitQuietly(
      Collection<Integer> ranks, String name, Deadline deadline, BooleanSupplier enough) {
    for (int rank : ranks) {
      try {
        boolean there = false;
        while (!there && !deadline.isOver() && !enough.getAsBoolean()) {
          there = channel.read(rank, name, PATIENCE, deadline).isPresent();
        }
      } catch (WeightTransferException e) {
        LOG.log(Level.DEBUG, () -> "note '" + name + "' of rank " + rank + " did not come", e);
      }
    }
  }

  /** Posts a note that nobody depends on; never throws. */
  void postQuietly(String name, byte[] note, Deadline deadline) {
    posted.add(name);
    try {
      channel.post(name, note, deadline);
    } catch (WeightTransferException e) {
      LOG.log(Level.DEBUG, () -> "note '" + name + "' was not posted", e);
    }
  }

  /**
   * Takes away this rank's notes but those whose names begin so; never throws.
   *
   * @param deadline when it is over a channel may be of no use any more: in a group that goes on
   *     this is the operation's, since a store that is slow has all of that
   */
  void removeAllBut(String prefix, Deadline deadline) {
    for (String name : new ArrayList<>(posted)) {
      if (name.startsWith(prefix)) {
        continue;
      }
      try {
        channel.remove(name, deadline);
        posted.remove(name);
      } catch (WeightTransferException e) {
        LOG.log(Level.DEBUG, () -> "note '" + name + "' was not taken away", e);
        return; // the next time, or with the channel
      }
    }
  }

  /** Takes away all of this rank's notes, before it leaves; never throws. */
  void removeAll() {
    removeAllBut("/", Deadline.after(CLEAN_UP)); // no name begins so
  }
}
