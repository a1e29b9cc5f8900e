package dev.weightcast.spi.collective;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.DeviceStream;
import dev.weightcast.api.WeightTransferException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;

/**
 * The slots that buckets go through, round robin: allocated once, kept between updates, grown only
 * when a plan needs it. Not thread-safe: it belongs to the operation that runs.
 *
 * <p>A slot can have several turns: buckets that follow each other through the same memory on the
 * same stream, without the host waiting for one before it enqueues the next.
 */
final class PackedRing {

  /**
   * How many tensors that travel alone may follow each other through one slot: they are small as a
   * rule, and waiting for each costs more than moving it.
   */
  static final int UNPACKED_TURNS = 32;

  /** How many bytes of buckets may be under way beyond one a slot. */
  static final long WINDOW_BYTES = 64L << 20;

  private static final Logger LOG = System.getLogger("dev.weightcast");

  private record Slot(SlotMemory memory, List<PackedBuffer> turns) {}

  private final DeviceRuntime runtime;
  private final List<Slot> slots = new ArrayList<>();
  private final List<Runnable> waiting = new ArrayList<>();
  private int inUse;
  private int depth = 1;

  PackedRing(DeviceRuntime runtime) {
    this.runtime = runtime;
  }

  /** Makes sure that there are so many slots of so many turns, and uses that many from now on. */
  void prepare(int count, int turns) {
    while (slots.size() < count) {
      DeviceStream stream = runtime.createStream("ring slot " + slots.size());
      slots.add(new Slot(new SlotMemory(stream), new ArrayList<>()));
    }
    for (Slot slot : slots.subList(0, count)) {
      while (slot.turns().size() < turns) {
        slot.turns().add(new PackedBuffer(slot.memory(), runtime.createEvent()));
      }
    }
    inUse = count;
    depth = turns;
  }

  /**
   * Makes sure that every slot in use holds so many bytes. What is too small is given back before
   * anything larger is asked for, so that the ring is never held twice.
   */
  void reserve(long slotBytes) {
    List<SlotMemory> all = slots.stream().map(Slot::memory).toList();
    List<SlotMemory> used = all.subList(0, inUse);
    if (used.stream().allMatch(slot -> slot.holds(slotBytes))) {
      return;
    }
    long before = byteSize();
    used.stream().filter(slot -> !slot.holds(slotBytes)).forEach(SlotMemory::dropMemory);
    // Slots that an earlier plan left over would come on top of what this plan has declared.
    all.subList(inUse, all.size()).forEach(SlotMemory::dropMemory);
    if (exceeds(used, slotBytes, before)) {
      used.forEach(SlotMemory::dropMemory);
    }
    for (int i = 0; i < inUse; i++) {
      if (!used.get(i).holds(slotBytes)) {
        used.get(i).replaceMemory(runtime.allocate("ring slot " + i, slotBytes));
      }
    }
  }

  /** Whether few large slots of an earlier plan make the ring larger than both plans declared. */
  private static boolean exceeds(List<SlotMemory> used, long slotBytes, long before) {
    long after = used.stream().mapToLong(slot -> Math.max(slot.byteSize(), slotBytes)).sum();
    return after > Math.max(before, used.size() * slotBytes);
  }

  /** The turn of a bucket; it may be taken when {@link #hasRoomFor} says so. */
  PackedBuffer slotFor(Bucket bucket) {
    return turn(bucket.index());
  }

  private PackedBuffer turn(long index) {
    List<PackedBuffer> turns = slots.get((int) (index % inUse)).turns();
    return turns.get((int) (index / inUse % depth));
  }

  /**
   * Whether a bucket may be enqueued: its turn is free, and what is under way stays small, or is
   * less than one bucket a slot.
   */
  boolean hasRoomFor(Bucket bucket) {
    if (slotFor(bucket).inFlight() != null) {
      return false;
    }
    int count = 0;
    long bytes = bucket.byteSize();
    for (PackedBuffer turn : oldestFirst(bucket.index())) {
      Bucket other = turn.inFlight();
      if (other != null) {
        count++;
        bytes += other.byteSize();
      }
    }
    return count < inUse || bytes <= WINDOW_BYTES;
  }

  /** The turns in use, oldest bucket first, given that the next bucket has this index. */
  List<PackedBuffer> oldestFirst(int nextBucket) {
    int count = inUse * depth;
    List<PackedBuffer> ordered = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      ordered.add(turn((long) nextBucket + i));
    }
    return ordered;
  }

  /** The device memory that all slots hold. */
  long byteSize() {
    return slots.stream().mapToLong(slot -> slot.memory().byteSize()).sum();
  }

  /**
   * Waits until nothing enqueued touches any slot, and lets go of what they hold.
   *
   * @return whether that was so before the deadline was over; if not, call again before the slots
   *     are used
   */
  boolean quiesce(Deadline deadline) throws InterruptedException {
    List<PackedBuffer> busy = new ArrayList<>(turns());
    while (true) {
      for (PackedBuffer turn : List.copyOf(busy)) {
        if (isDone(turn, deadline)) {
          turn.release();
          busy.remove(turn);
        }
      }
      if (busy.isEmpty()) {
        runWaiting();
        return true;
      }
      if (deadline.isOver()) {
        return false;
      }
    }
  }

  private List<PackedBuffer> turns() {
    return slots.stream().flatMap(slot -> slot.turns().stream()).toList();
  }

  /** Does something once nothing reads the source tensors any more: now, if that is so. */
  void whenReleased(Runnable action) {
    waiting.add(action);
    if (turns().stream().noneMatch(PackedBuffer::holdsAnything)) {
      runWaiting();
    }
  }

  private void runWaiting() {
    List<Runnable> actions = List.copyOf(waiting);
    waiting.clear();
    for (Runnable action : actions) {
      try {
        action.run();
      } catch (RuntimeException | Error e) {
        // It must not throw. Whoever waits for the ring has nothing to do with it.
        LOG.log(Level.WARNING, "closing a source's pass threw", e);
      }
    }
  }

  private static boolean isDone(PackedBuffer turn, Deadline deadline) throws InterruptedException {
    try {
      turn.mark();
      return turn.drained().await(deadline.slice());
    } catch (WeightTransferException e) {
      return true; // its stream has failed, and that was reported: nothing runs there any more
    }
  }

  void close() {
    for (Slot slot : slots) {
      slot.turns().forEach(PackedBuffer::close);
      slot.memory().close();
    }
    slots.clear();
    runWaiting();
  }
}
