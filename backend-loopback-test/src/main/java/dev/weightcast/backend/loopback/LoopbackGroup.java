package dev.weightcast.backend.loopback;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * The ranks that found each other, the collectives they have under way, and who has left.
 *
 * <p>Everything here is guarded by {@link #lock}; {@link #changed} is signalled whenever a rank
 * arrives at a collective, finishes its part, posts a note, or leaves.
 */
final class LoopbackGroup {

  final ReentrantLock lock = new ReentrantLock();
  final Condition changed = lock.newCondition();
  private final int worldSize;
  private final Map<Long, Collective> underWay = new HashMap<>();
  private final Map<Integer, String> gone = new LinkedHashMap<>();
  private final Set<Integer> failed = new LinkedHashSet<>();
  private final Notes notes;

  /** A group whose ranks are all Weightcast's own. */
  LoopbackGroup(int worldSize) {
    this(worldSize, rank -> false);
  }

  /**
   * A group with foreign ranks.
   *
   * @param foreign which ranks take no part in the notes, and tell nobody why they leave
   */
  LoopbackGroup(int worldSize, IntPredicate foreign) {
    this.worldSize = worldSize;
    this.notes = new Notes(IntStream.range(0, worldSize).filter(foreign.negate()).boxed().toList());
  }

  int worldSize() {
    return worldSize;
  }

  /** The collective with the given number in the order of calls. */
  Collective collective(long sequence) {
    return underWay.computeIfAbsent(sequence, number -> new Collective(number, worldSize));
  }

  void retire(Collective collective) {
    underWay.remove(collective.sequence());
  }

  Notes notes() {
    return notes;
  }

  /** Who has left and why, in the order in which they did. */
  Map<Integer, String> gone() {
    return gone;
  }

  /** The first rank but this one that has said that it failed, if any. */
  OptionalInt firstFailedBut(int rank) {
    return failed.stream().mapToInt(Integer::intValue).filter(each -> each != rank).findFirst();
  }

  /** A rank leaves, for good, because it has failed. */
  void fail(int rank, String reason) {
    lock.lock();
    try {
      if (!gone.containsKey(rank) && notes.ranks().contains(rank)) {
        failed.add(rank);
      }
      leave(rank, reason);
    } finally {
      lock.unlock();
    }
  }

  /** A rank leaves, for good. */
  void leave(int rank, String reason) {
    lock.lock();
    try {
      gone.putIfAbsent(rank, reason);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
