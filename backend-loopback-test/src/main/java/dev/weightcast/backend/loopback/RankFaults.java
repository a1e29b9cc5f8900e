package dev.weightcast.backend.loopback;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.DeviceException;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.OutOfDeviceMemoryException;
import dev.weightcast.backend.loopback.Fault.Kind;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The faults of one rank in one group, from when it begins to join until it leaves.
 *
 * <p>What waits here looks around every millisecond of real time: at the rank's clock, whether the
 * rank has left, and whether the injection is closed.
 */
final class RankFaults {

  /** Nothing goes wrong. */
  static final RankFaults NONE = new RankFaults(null, -1, null);

  private final @Nullable FaultInjection injection;
  private final int rank;
  private final @Nullable Deadline clock;
  private final AtomicInteger allocations = new AtomicInteger();
  private final AtomicInteger copies = new AtomicInteger();
  private volatile boolean ended;
  private volatile boolean stopped;
  private volatile Duration stoppedUntil = Duration.ZERO;

  /**
   * @param clock what the rank's time is read from; its deadline does not matter
   */
  private RankFaults(@Nullable FaultInjection injection, int rank, @Nullable Deadline clock) {
    this.injection = injection;
    this.rank = rank;
    this.clock = clock;
  }

  static RankFaults of(FaultInjection injection, int rank, Deadline clock) {
    RankFaults faults = new RankFaults(injection, rank, clock);
    injection.add(faults);
    return faults;
  }

  int rank() {
    return rank;
  }

  /** The rank has left, or the injection is closed: nothing waits any more. */
  void end() {
    ended = true;
  }

  void resume() {
    stopped = false;
  }

  private boolean hasEnded() {
    return ended;
  }

  private Duration now() {
    return clock == null ? Duration.ZERO : clock.elapsed();
  }

  private String who() {
    return "rank " + rank;
  }

  static String place(long bucket) {
    return bucket == 0 ? "the warm-up" : "bucket " + bucket;
  }

  /** Whether the fault is due: it is not asked for twice. */
  Optional<Fault> take(Kind kind, long at, String text) {
    FaultInjection present = injection;
    return present == null || ended
        ? Optional.empty()
        : present.take(
            rank,
            kind,
            (int) at,
            fault ->
                who() + " " + text + (fault.duration().isZero() ? "" : " for " + fault.duration()));
  }

  void refuse(Kind kind, long at, String why) {
    FaultInjection present = injection;
    if (present != null) {
      present.refuse(rank, kind, (int) at, why);
    }
  }

  void note(Fault fault, String text) {
    FaultInjection present = injection;
    if (present != null) {
      present.note(fault, text);
    }
  }

  /** Waits where the rank is late for the rendezvous; the deadline ends that too. */
  void beLate(Deadline deadline) throws InterruptedException {
    Duration start = now();
    Optional<Fault> late = take(Kind.LATE, 0, "comes late to the rendezvous");
    if (late.isPresent()) {
      waitUntil(start.plus(late.get().duration()), deadline::isOver);
    }
  }

  /** Stands still and is late before the rank's part in a bucket, where that is planned. */
  void before(long bucket, BooleanSupplier over) throws InterruptedException {
    Duration start = now();
    take(Kind.STOP, bucket, "stands still from " + place(bucket) + " on")
        .ifPresent(
            stop -> {
              stoppedUntil =
                  stop.duration().isZero()
                      ? Deadline.MAX_TIMEOUT.multipliedBy(1000)
                      : start.plus(stop.duration());
              stopped = true;
            });
    standStill(over);
    Duration resumed = now();
    Optional<Fault> delay = take(Kind.DELAY, bucket, "is delayed at " + place(bucket));
    if (delay.isPresent()) {
      waitUntil(resumed.plus(delay.get().duration()), over);
    }
  }

  /** What every stream of the rank does before each piece of work. */
  void standStill(BooleanSupplier over) throws InterruptedException {
    if (stopped) {
      waitUntil(stoppedUntil, () -> !stopped || over.getAsBoolean());
      if (now().compareTo(stoppedUntil) >= 0) {
        stopped = false;
      }
    }
  }

  private void waitUntil(Duration moment, BooleanSupplier over) throws InterruptedException {
    while (now().compareTo(moment) < 0 && !hasEnded() && !over.getAsBoolean()) {
      Thread.sleep(1); // in slices: a virtual clock wakes nobody
    }
  }

  /** Refuses the allocation if that is planned. */
  void allocate(String label, long byteSize) {
    if (injection == null || ended) {
      return;
    }
    int number = allocations.incrementAndGet();
    if (take(Kind.FAIL_ALLOCATION, number, "got no memory for '" + label + "'").isPresent()) {
      throw new OutOfDeviceMemoryException(
          "no "
              + byteSize
              + " bytes for '"
              + label
              + "': allocation "
              + number
              + " of rank "
              + rank
              + " fails as planned",
          byteSize);
    }
  }

  /** What the copy that is enqueued now does instead of copying; null if it is to copy. */
  LoopbackStream.@Nullable Step insteadOfCopy(LoopbackRuntime runtime) {
    if (injection == null || ended) {
      return null;
    }
    int number = copies.incrementAndGet();
    String which = "copy " + number + " of rank " + rank;
    if (take(Kind.FAIL_COPY, number, "could not do copy " + number).isPresent()) {
      return () -> {
        throw new DeviceException(which + " fails as planned");
      };
    }
    if (take(Kind.BREAK_DEVICE, number, "lost its device at copy " + number).isPresent()) {
      return () -> {
        throw runtime.breakDown(which + " broke the device as planned");
      };
    }
    return null;
  }

  /** Flips bits of what has arrived, where that is planned. */
  void corrupt(long bucket, HostCopy.End received, long byteSize) {
    FaultInjection present = injection;
    if (present == null) {
      return;
    }
    take(Kind.CORRUPT, bucket, "received wrong bytes in bucket " + bucket)
        .ifPresent(
            fault -> {
              Random random = new Random(present.plan().seed() * 31 + bucket);
              Set<Long> bits = new LinkedHashSet<>();
              long all = byteSize * Byte.SIZE;
              while (bits.size() < Math.min(fault.bits(), all)) {
                bits.add((long) (random.nextDouble() * all));
              }
              bits.forEach(bit -> flip(received, bit));
              note(fault, "flipped of its " + all + " bits: " + bits);
            });
  }

  private static void flip(HostCopy.End where, long bit) {
    HostMemory memory = where.host();
    ByteBuffer one = ByteBuffer.allocate(1);
    memory.read(where.offset() + bit / Byte.SIZE, one);
    one.put(0, (byte) (one.get(0) ^ (1 << (bit % Byte.SIZE)))).clear();
    memory.write(where.offset() + bit / Byte.SIZE, one);
  }
}
