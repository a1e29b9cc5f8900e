package dev.weightcast.backend.nccl;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.TransferAbortedException;
import dev.weightcast.api.TransferPhase;
import dev.weightcast.api.UniqueId;
import dev.weightcast.spi.collective.PeerFailure;
import dev.weightcast.spi.collective.ProcessGroup;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The ranks of one group that are in this process: engines that were given the same unique id. They
 * hear of each other's failures, and if all ranks of the group are here they have notes too.
 */
final class LocalGroup {

  /** The groups of one process, by their ids; those that all have left are forgotten. */
  static final class Registry {

    /** What engines use; tests have their own, to be several processes. */
    static final Registry OF_THIS_PROCESS = new Registry();

    private final Map<UniqueId, LocalGroup> groups = new ConcurrentHashMap<>();

    /** Enters a rank; it stays until it {@link LocalGroup#leave leaves}. */
    LocalGroup join(UniqueId id, ProcessGroup member) {
      LocalGroup group =
          groups.compute(
              id,
              (key, known) -> {
                LocalGroup found =
                    known == null ? new LocalGroup(this, key, member.worldSize()) : known;
                found.enter(member);
                return found;
              });
      return group;
    }

    int size() {
      return groups.size();
    }

    private void leave(LocalGroup group, int rank) {
      groups.computeIfPresent(
          group.id, (key, known) -> known == group && known.isLastOut(rank) ? null : known);
    }
  }

  private record Note(int rank, String name) {}

  private final Registry registry;
  private final UniqueId id;
  private final int worldSize;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Map<Note, byte[]> notes = new HashMap<>();
  private final Set<Integer> joined = new HashSet<>();
  private final Set<Integer> present = new HashSet<>();
  private volatile @Nullable PeerFailure failure;

  private LocalGroup(Registry registry, UniqueId id, int worldSize) {
    this.registry = registry;
    this.id = id;
    this.worldSize = worldSize;
  }

  private void enter(ProcessGroup member) {
    lock.lock();
    try {
      if (!present.add(member.rank())) {
        throw new InvalidInfoException(
            member
                + " is in this group already, by another engine of this process; give every engine"
                + " its own rank, and every new group a new unique id");
      }
      joined.add(member.rank());
    } finally {
      lock.unlock();
    }
  }

  private boolean isLastOut(int rank) {
    lock.lock();
    try {
      present.remove(rank);
      return present.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /** Whether all ranks of the group have joined it here; once they have, that stays so. */
  boolean isWhole() {
    lock.lock();
    try {
      return joined.size() == worldSize;
    } finally {
      lock.unlock();
    }
  }

  /** Says why a rank leaves; of all ranks' reasons the first stays. */
  void tell(int rank, String reason) {
    lock.lock();
    try {
      if (failure == null) {
        failure = new PeerFailure(rank, "rank " + rank + " has left the group: " + reason);
      }
    } finally {
      lock.unlock();
    }
  }

  /** The first failure, if it was another rank's. */
  Optional<PeerFailure> failureBesides(int rank) {
    PeerFailure first = failure;
    return first == null || first.rank() == rank ? Optional.empty() : Optional.of(first);
  }

  void leave(int rank) {
    tell(rank, "it has left");
    registry.leave(this, rank);
  }

  void post(int rank, String name, byte[] note) {
    lock.lock();
    try {
      notes.put(new Note(rank, name), note.clone());
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  void remove(int rank, String name) {
    lock.lock();
    try {
      notes.remove(new Note(rank, name));
    } finally {
      lock.unlock();
    }
  }

  /** A note, as soon as it is there; a rank that leaves does not take its notes away. */
  Optional<byte[]> read(int rank, String name, Duration patience, Deadline deadline) {
    Note wanted = new Note(rank, name);
    long left = patience.toNanos();
    try {
      lock.lockInterruptibly();
      try {
        while (!notes.containsKey(wanted) && left > 0 && !deadline.isOver()) {
          left = changed.awaitNanos(left);
        }
        return Optional.ofNullable(notes.get(wanted)).map(byte[]::clone);
      } finally {
        lock.unlock();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TransferAbortedException(
          "interrupted while waiting for '" + name + "' of rank " + rank,
          TransferPhase.AGREEMENT,
          0,
          0,
          e);
    }
  }
}
