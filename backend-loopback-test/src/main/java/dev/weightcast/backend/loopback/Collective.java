package dev.weightcast.backend.loopback;

import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** One collective of a group, from the first rank that arrives to the last that is done. */
final class Collective {

  /** What a rank calls; all ranks must call the same. */
  record Call(String kind, long count, String type, int root) {

    @Override
    public String toString() {
      return kind + " of " + count + " " + type + (root < 0 ? "" : " from rank " + root);
    }
  }

  private final long sequence;
  private final int worldSize;
  private final BitSet arrived = new BitSet();
  private final BitSet done = new BitSet();
  private @Nullable Call call;
  private int caller;
  private HostCopy.@Nullable End source;
  private int publisher = -1;
  private double sum;

  Collective(long sequence, int worldSize) {
    this.sequence = sequence;
    this.worldSize = worldSize;
  }

  long sequence() {
    return sequence;
  }

  /** A rank is here; the difference to what was called first, or null. */
  @Nullable String arrive(int rank, Call made) {
    arrived.set(rank);
    Call first = call;
    if (first == null) {
      call = made;
      caller = rank;
      return null;
    }
    return first.equals(made)
        ? null
        : "collective "
            + (sequence + 1)
            + " differs between ranks: rank "
            + caller
            + " calls "
            + first
            + ", rank "
            + rank
            + " calls "
            + made;
  }

  /** What it is, once somebody is here. */
  String kind() {
    return call == null ? "collective" : call.kind();
  }

  List<Integer> missing() {
    return IntStream.range(0, worldSize).filter(rank -> !arrived.get(rank)).boxed().toList();
  }

  void finish(int rank) {
    done.set(rank);
  }

  boolean isFinished(int rank) {
    return done.get(rank);
  }

  boolean isFinishedByAll() {
    return done.cardinality() == worldSize;
  }

  /** Whether everybody but the given rank has its part. */
  boolean isFinishedByAllBut(int rank) {
    return done.cardinality() - (done.get(rank) ? 1 : 0) == worldSize - 1;
  }

  void publish(int rank, HostCopy.End bytes) {
    publisher = rank;
    source = bytes;
  }

  /** The rank is dead: its bytes are not to be read any more, if they were its own. */
  void withdraw(int rank) {
    if (publisher == rank && !isFinished(rank)) {
      source = null;
    }
  }

  HostCopy.@Nullable End source() {
    return source;
  }

  void add(float value) {
    sum += value;
  }

  float sum() {
    return (float) sum;
  }
}
