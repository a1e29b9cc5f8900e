package dev.weightcast.spi.collective;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.DeviceEvent;
import dev.weightcast.api.DeviceStream;
import dev.weightcast.api.WeightTransferException;
import java.util.ArrayList;
import java.util.List;

/**
 * The slots that buckets go through, round robin: allocated once, kept between updates, grown only
 * when a plan needs it. Not thread-safe: it belongs to the operation that runs.
 */
final class PackedRing {

  private final DeviceRuntime runtime;
  private final List<PackedBuffer> slots = new ArrayList<>();
  private int inUse;

  PackedRing(DeviceRuntime runtime) {
    this.runtime = runtime;
  }

  /** Makes sure that there are so many slots, and uses that many from now on. */
  void prepare(int count) {
    while (slots.size() < count) {
      String label = "ring slot " + slots.size();
      DeviceStream stream = runtime.createStream(label);
      DeviceEvent event;
      try {
        event = runtime.createEvent();
      } catch (RuntimeException | Error e) {
        stream.close();
        throw e;
      }
      slots.add(new PackedBuffer(stream, event));
    }
    inUse = count;
  }

  /**
   * Makes sure that every slot in use holds so many bytes. What is too small is given back before
   * anything larger is asked for, so that the ring is never held twice.
   */
  void reserve(long slotBytes) {
    List<PackedBuffer> used = slots.subList(0, inUse);
    if (used.stream().allMatch(slot -> slot.holds(slotBytes))) {
      return;
    }
    long before = byteSize();
    used.stream().filter(slot -> !slot.holds(slotBytes)).forEach(PackedBuffer::dropMemory);
    // Slots that an earlier plan left over would come on top of what this plan has declared.
    slots.subList(inUse, slots.size()).forEach(PackedBuffer::dropMemory);
    if (exceeds(used, slotBytes, before)) {
      used.forEach(PackedBuffer::dropMemory);
    }
    for (int i = 0; i < inUse; i++) {
      if (!slots.get(i).holds(slotBytes)) {
        slots.get(i).replaceMemory(runtime.allocate("ring slot " + i, slotBytes));
      }
    }
  }

  /** Whether few large slots of an earlier plan make the ring larger than both plans declared. */
  private static boolean exceeds(List<PackedBuffer> used, long slotBytes, long before) {
    long after = used.stream().mapToLong(slot -> Math.max(slot.byteSize(), slotBytes)).sum();
    return after > Math.max(before, used.size() * slotBytes);
  }

  PackedBuffer slotFor(Bucket bucket) {
    return slots.get(bucket.index() % inUse);
  }

  /** The slots in use, oldest bucket first, given that the next bucket has this index. */
  List<PackedBuffer> oldestFirst(int nextBucket) {
    List<PackedBuffer> ordered = new ArrayList<>(inUse);
    for (int i = 0; i < inUse; i++) {
      ordered.add(slots.get((nextBucket + i) % inUse));
    }
    return ordered;
  }

  /** The device memory that all slots hold. */
  long byteSize() {
    return slots.stream().mapToLong(PackedBuffer::byteSize).sum();
  }

  /**
   * Waits until nothing enqueued touches any slot, and lets go of what they hold.
   *
   * @return whether that was so before the deadline was over; if not, call again before the slots
   *     are used
   */
  boolean quiesce(Deadline deadline) throws InterruptedException {
    for (PackedBuffer slot : slots) {
      while (!isDone(slot, deadline)) {
        if (deadline.isOver()) {
          return false;
        }
      }
      slot.release();
    }
    return true;
  }

  private static boolean isDone(PackedBuffer slot, Deadline deadline) throws InterruptedException {
    try {
      slot.mark();
      return slot.drained().await(deadline.slice());
    } catch (WeightTransferException e) {
      return true; // its stream has failed, and that was reported: nothing runs there any more
    }
  }

  void close() {
    slots.forEach(PackedBuffer::close);
    slots.clear();
  }
}
