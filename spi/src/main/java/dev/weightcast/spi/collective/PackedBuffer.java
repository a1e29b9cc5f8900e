package dev.weightcast.spi.collective;

import dev.weightcast.api.DeviceBuffer;
import dev.weightcast.api.DeviceEvent;
import dev.weightcast.api.DeviceStream;
import dev.weightcast.api.SourceTensor;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One bucket's turn in a slot of the ring: the event after which its work has ended, and the source
 * tensors that it reads until then. The slot's memory and stream it may share with other turns,
 * which the stream keeps in order.
 */
final class PackedBuffer {

  private static final Logger LOG = System.getLogger("dev.weightcast");

  private final SlotMemory slot;
  private final DeviceEvent drained;
  private final List<SourceTensor> held = new ArrayList<>();
  private @Nullable Bucket inFlight;
  private @Nullable DeviceStream unmarked;

  PackedBuffer(SlotMemory slot, DeviceEvent drained) {
    this.slot = slot;
    this.drained = drained;
  }

  DeviceStream stream() {
    return slot.stream();
  }

  DeviceEvent drained() {
    return drained;
  }

  DeviceBuffer memory() {
    return slot.memory();
  }

  /** Keeps a source tensor until the slot has drained. */
  void hold(SourceTensor tensor) {
    held.add(tensor);
  }

  boolean holdsAnything() {
    return !held.isEmpty();
  }

  /** Says that work of a bucket is about to be enqueued on a stream. */
  void begin(DeviceStream on) {
    unmarked = on;
  }

  /** Says that all of a bucket's work has been enqueued. */
  void launched(Bucket bucket) {
    inFlight = bucket;
    mark();
  }

  /**
   * Puts the mark behind everything that was enqueued. A bucket that fails halfway has enqueued
   * something too, and without its mark the slot would look free while that still runs.
   */
  void mark() {
    DeviceStream on = unmarked;
    if (on != null) {
      unmarked = null;
      on.recordEvent(drained);
    }
  }

  @Nullable Bucket inFlight() {
    return inFlight;
  }

  /** Says that nothing enqueued touches the slot any more. */
  void release() {
    inFlight = null;
    for (SourceTensor tensor : held) {
      try {
        tensor.release();
      } catch (RuntimeException | Error e) {
        // It must not throw. The others are to be released, and the engine let go, all the same.
        LOG.log(
            Level.WARNING, () -> "releasing the source of " + tensor.tensor().spec() + " threw", e);
      }
    }
    held.clear();
  }

  void close() {
    release();
    drained.close();
  }
}
