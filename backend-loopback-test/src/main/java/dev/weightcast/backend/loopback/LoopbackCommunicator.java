package dev.weightcast.backend.loopback;

import dev.weightcast.api.DataType;
import dev.weightcast.api.Deadline;
import dev.weightcast.api.DeviceBuffer;
import dev.weightcast.api.DeviceStream;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.WeightTransferException;
import dev.weightcast.backend.loopback.Fault.Kind;
import dev.weightcast.spi.collective.Communicator;
import dev.weightcast.spi.collective.PeerFailure;
import dev.weightcast.spi.collective.SideChannel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One rank's end of a {@link LoopbackGroup}: collectives run on the rank's streams and wait there
 * for the other ranks, as a device's kernels do.
 */
final class LoopbackCommunicator implements Communicator {

  /** How long a bucket waits for the one behind it at most, in real time. */
  private static final Duration HOLD_BACK = Duration.ofMillis(20);

  private final LoopbackGroup group;
  private final int rank;
  private final LoopbackRuntime runtime;
  private final boolean foreign;
  private final @Nullable LoopbackSideChannel sideChannel;
  private final RankFaults faults;
  private final NavigableMap<Long, Collective> underWay = new TreeMap<>();
  private long nextSequence;
  private boolean killed; // guarded by the group's lock
  private long lastFinished = -1; // guarded by the group's lock
  private volatile @Nullable String abortReason;
  private volatile @Nullable WeightTransferException failure;

  /**
   * @param mute whether the ranks of the group have no channel
   */
  LoopbackCommunicator(
      LoopbackGroup group, int rank, LoopbackRuntime runtime, RankFaults faults, boolean mute) {
    this.group = group;
    this.foreign = !group.notes().ranks().contains(rank);
    this.rank = rank;
    this.runtime = runtime;
    this.faults = faults;
    this.sideChannel = foreign || mute ? null : new LoopbackSideChannel(group, rank, this::needed);
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public int worldSize() {
    return group.worldSize();
  }

  @Override
  public void broadcast(
      DeviceBuffer buffer,
      long byteOffset,
      long count,
      DataType type,
      int root,
      DeviceStream stream) {
    check(count, type);
    HostCopy.End bytes = runtime.resolve(buffer, byteOffset, count * type.byteSize());
    Collective.Call call = new Collective.Call("broadcast", count, type.torchName(), root);
    enqueue(
        call,
        stream,
        (collective, on) -> {
          if (rank == root) {
            refuseWhatNeedsAReceiver(collective);
            collective.publish(rank, bytes);
            group.changed.signalAll();
            await(collective, on, () -> collective.isFinishedByAllBut(rank));
          } else if (arrives(collective, on)) {
            receive(collective, bytes, count * type.byteSize());
            if (await(collective, on, () -> collective.source() != null)) { // not taken away since
              faults.corrupt(collective.sequence(), bytes, count * type.byteSize());
            }
          }
        });
  }

  private void refuseWhatNeedsAReceiver(Collective collective) {
    for (Kind kind : List.of(Kind.DROP, Kind.CORRUPT)) {
      faults.refuse(kind, collective.sequence(), "rank " + rank + " sends the bucket");
    }
  }

  /** Waits for the root's bytes; in vain if they are to be lost on the way. */
  private boolean arrives(Collective collective, LoopbackStream on) throws InterruptedException {
    long bucket = collective.sequence();
    boolean lost = isLost(bucket);
    return await(collective, on, () -> !lost && collective.source() != null);
  }

  private boolean isLost(long bucket) {
    return faults
        .take(Kind.DROP, bucket, "never gets the bytes of " + RankFaults.place(bucket))
        .isPresent();
  }

  /** Copies without the lock; only if the root is still there afterwards are the bytes good. */
  private void receive(Collective collective, HostCopy.End into, long byteSize) {
    HostCopy.End source = collective.source();
    if (source == null) {
      throw new IllegalStateException("nothing was published");
    }
    group.lock.unlock();
    try {
      new HostCopy(source, into, byteSize).run();
    } finally {
      group.lock.lock();
    }
  }

  @Override
  public void allReduceSum(
      DeviceBuffer buffer, long byteOffset, long count, DataType type, DeviceStream stream) {
    check(count, type);
    if (type != DataType.FLOAT32 || count != 1) {
      throw new InvalidInfoException(
          "loopback reduces one float32, as the warm-up does; asked for " + count + " " + type);
    }
    HostCopy.End bytes = runtime.resolve(buffer, byteOffset, Float.BYTES);
    Collective.Call call = new Collective.Call("all-reduce", count, type.torchName(), -1);
    enqueue(
        call,
        stream,
        (collective, on) -> {
          ByteBuffer number = ByteBuffer.allocate(Float.BYTES).order(ByteOrder.nativeOrder());
          bytes.host().read(bytes.offset(), number);
          collective.add(foreign ? 0 : number.getFloat(0)); // as vLLM's ranks say nothing
          group.changed.signalAll();
          boolean lost = isLost(collective.sequence());
          if (await(collective, on, () -> !lost && collective.missing().isEmpty())) {
            number.clear().putFloat(0, collective.sum());
            bytes.host().write(bytes.offset(), number);
          }
        });
  }

  private void check(long count, DataType type) {
    if (type.ncclType().isEmpty()) {
      throw new InvalidInfoException("NCCL has no type for " + type + ", and so loopback has none");
    }
    if (count < 1) {
      throw new InvalidInfoException("a collective of " + count + " elements");
    }
    String reason = abortReason;
    if (reason != null) {
      throw new WeightTransferException("rank " + rank + "'s communicator was aborted: " + reason);
    }
    WeightTransferException present = failure;
    if (present != null) {
      throw new WeightTransferException(
          "rank " + rank + "'s communicator has failed: " + present.getMessage(), present);
    }
  }

  /** This rank's part in a collective; runs on the stream's thread, under the group's lock. */
  private interface Part {
    void play(Collective collective, LoopbackStream on) throws InterruptedException;
  }

  private void enqueue(Collective.Call call, DeviceStream stream, Part part) {
    LoopbackStream on = runtime.own(stream);
    long sequence = nextSequence++;
    on.enqueue(LoopbackStream.unlessFailed(() -> run(sequence, call, part, on)));
  }

  private void run(long sequence, Collective.Call call, Part part, LoopbackStream on)
      throws InterruptedException {
    faults.before(sequence, () -> isOver() || on.isClosing());
    group.lock.lockInterruptibly();
    try {
      if (isOver() || dies(sequence)) {
        return;
      }
      Collective collective = group.collective(sequence);
      underWay.put(sequence, collective);
      String difference = collective.arrive(rank, call);
      if (difference != null) {
        fail(difference);
      }
      group.changed.signalAll();
      if (!isOver()) {
        part.play(collective, on);
        holdBack(collective, on);
      }
      end(collective);
    } finally {
      group.lock.unlock();
    }
  }

  /** Whether the rank is killed here: it says nothing any more, and what it sent is gone. */
  private boolean dies(long sequence) {
    String text = "was killed at " + RankFaults.place(sequence);
    boolean noticed = faults.take(Kind.KILL, sequence, text).isPresent();
    boolean silent = !noticed && faults.take(Kind.KILL_SILENTLY, sequence, text).isPresent();
    if (noticed || silent) {
      fail("rank " + rank + " " + text + ", as planned");
      killed = true;
      underWay.values().forEach(collective -> collective.withdraw(rank));
    }
    if (noticed) {
      group.fail(rank, "its connection was closed");
    }
    group.changed.signalAll();
    return noticed || silent;
  }

  /** Lets the bucket behind be done first, where that is planned and the bucket comes. */
  private void holdBack(Collective collective, LoopbackStream on) throws InterruptedException {
    long bucket = collective.sequence();
    Optional<Fault> reorder = faults.take(Kind.REORDER, bucket, "holds back bucket " + bucket);
    if (reorder.isEmpty()) {
      return;
    }
    Deadline patience = Deadline.after(HOLD_BACK);
    boolean done =
        await(collective, on, () -> lastFinished > bucket || patience.isOver())
            && lastFinished > bucket;
    faults.note(
        reorder.get(), done ? "the next was done first" : "the next did not come in good time");
  }

  private void end(Collective collective) {
    if (isOver() || failedPeer(collective)) {
      return; // not finished: whoever needs this rank's part must not believe it was
    }
    underWay.remove(collective.sequence());
    lastFinished = Math.max(lastFinished, collective.sequence());
    collective.finish(rank);
    if (collective.isFinishedByAll()) {
      group.retire(collective);
    }
    group.changed.signalAll();
  }

  /**
   * Waits under the group's lock for what other ranks do; they signal it, and so does a rank that
   * leaves. Gives up when this rank has aborted, a rank it needs has left, or the stream closes.
   */
  private boolean await(Collective collective, LoopbackStream on, BooleanSupplier condition)
      throws InterruptedException {
    while (!condition.getAsBoolean()) {
      if (isOver() || failedPeer(collective)) {
        return false;
      }
      if (on.isClosing()) {
        // Others have not had their part, or this rank has not had its own: that is not an end.
        fail("rank " + rank + "'s stream was closed in the middle of a " + collective.kind());
        return false;
      }
      group.changed.awaitNanos(Deadline.MAX_SLICE.toNanos());
    }
    return true;
  }

  /** Whether a rank has left without its part in this collective; that is a failure then. */
  private boolean failedPeer(Collective collective) {
    for (int left : group.gone().keySet()) {
      if (left != rank && !collective.isFinished(left)) {
        needed(left);
        return true;
      }
    }
    return false;
  }

  /** A rank has left that this one needs; the one to name is who failed first. */
  private void needed(int gone) {
    if (failure == null) {
      int first = sideChannel == null ? gone : group.firstFailedBut(rank).orElse(gone);
      failure =
          new PeerFailure(
              first, "rank " + first + " has left the group: " + group.gone().get(first));
    }
  }

  private void fail(String reason) {
    if (failure == null) {
      failure = new WeightTransferException(reason);
    }
  }

  private boolean isOver() {
    return abortReason != null || failure != null;
  }

  @Override
  public Optional<WeightTransferException> failure() {
    if (failure == null && abortReason == null && sideChannel != null) {
      group.lock.lock();
      try {
        group.firstFailedBut(rank).ifPresent(this::needed); // at once, and not when it is missed
      } finally {
        group.lock.unlock();
      }
    }
    return Optional.ofNullable(failure);
  }

  @Override
  public Optional<SideChannel> sideChannel() {
    return Optional.ofNullable(sideChannel);
  }

  @Override
  public List<Integer> missingRanks() {
    group.lock.lock();
    try {
      return underWay.isEmpty() ? List.of() : underWay.firstEntry().getValue().missing();
    } finally {
      group.lock.unlock();
    }
  }

  @Override
  public void abort(String reason) {
    group.lock.lock();
    try {
      if (abortReason == null) {
        abortReason = reason;
        faults.end();
        if (!killed) { // the dead say nothing
          group.fail(rank, reason);
        }
      }
    } finally {
      group.lock.unlock();
    }
  }

  /** Leaves in peace, if it was not aborted before: only who needs this rank has lost something. */
  @Override
  public void close() {
    group.lock.lock();
    try {
      if (abortReason == null) {
        abortReason = "it was closed";
        faults.end();
        if (!killed) {
          group.leave(rank, "it was closed");
        }
      }
      group.notes().removeAllOf(rank);
    } finally {
      group.lock.unlock();
    }
  }
}
