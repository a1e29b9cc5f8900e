package dev.weightcast.rendezvous;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.TimeSource;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * Values from one rank to all, under vLLM's keys: {@code broadcast_from/<root>/<counter>}, where
 * every rank counts what it sent and what it received from each other one.
 */
final class Broadcasts {

  private record Sent(String key, long atNanos) {}

  private final int rank;
  private final GroupStore members;
  private final Duration expiry;
  private final TimeSource time;
  private final long[] counters;
  private final Deque<Sent> sent = new ArrayDeque<>();

  Broadcasts(int rank, int worldSize, GroupStore members, GroupOptions options) {
    this.rank = rank;
    this.members = members;
    this.expiry = options.expiry();
    this.time = options.time();
    this.counters = new long[worldSize];
  }

  void send(SharedValue value, Deadline deadline) {
    expire(deadline);
    String key = nextKey(rank);
    members.store().set(key, value.toPickle(), deadline);
    counters[rank]++;
    sent.add(new Sent(key, time.nanoTime()));
  }

  SharedValue receive(int root, Deadline deadline) {
    String key = nextKey(root);
    members.awaitRanks("a broadcast", from -> key, List.of(root), deadline);
    SharedValue value = SharedValue.fromPickle(members.store().get(key, deadline));
    counters[root]++;
    return value;
  }

  /** The key of the next value of a rank. */
  String nextKey(int root) {
    return "broadcast_from/" + root + "/" + counters[root];
  }

  private void expire(Deadline deadline) {
    while (true) {
      Sent oldest = sent.peek();
      if (oldest == null || time.nanoTime() - oldest.atNanos() <= expiry.toNanos()) {
        return;
      }
      members.store().delete(oldest.key(), deadline);
      sent.remove();
    }
  }
}
