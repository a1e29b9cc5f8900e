package dev.weightcast.backend.loopback;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The ranks that found each other, the collectives they have under way, and who has left.
 *
 * <p>Everything here is guarded by {@link #lock}; {@link #changed} is signalled whenever a rank
 * arrives at a collective, finishes its part, or leaves.
 */
final class LoopbackGroup {

  final ReentrantLock lock = new ReentrantLock();
  final Condition changed = lock.newCondition();
  private final int worldSize;
  private final Map<Long, Collective> underWay = new HashMap<>();
  private final Map<Integer, String> gone = new TreeMap<>();

  LoopbackGroup(int worldSize) {
    this.worldSize = worldSize;
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

  Map<Integer, String> gone() {
    return gone;
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
