package dev.weightcast.spi.collective;

import dev.weightcast.api.DeviceBuffer;
import dev.weightcast.api.DeviceStream;
import org.jspecify.annotations.Nullable;

/** What a slot of the ring is made of: memory for one bucket, and the stream its work runs on. */
final class SlotMemory {

  private final DeviceStream stream;
  private @Nullable DeviceBuffer memory;

  SlotMemory(DeviceStream stream) {
    this.stream = stream;
  }

  DeviceStream stream() {
    return stream;
  }

  DeviceBuffer memory() {
    DeviceBuffer present = memory;
    if (present == null) {
      throw new IllegalStateException("the slot has no memory yet: reserve the ring first");
    }
    return present;
  }

  long byteSize() {
    DeviceBuffer present = memory;
    return present == null ? 0 : present.byteSize();
  }

  /** Whether there is memory of that size; none at all does not even hold a bucket of no bytes. */
  boolean holds(long bytes) {
    DeviceBuffer present = memory;
    return present != null && present.byteSize() >= bytes;
  }

  void replaceMemory(DeviceBuffer other) {
    dropMemory();
    memory = other;
  }

  void dropMemory() {
    DeviceBuffer present = memory;
    memory = null;
    if (present != null) {
      present.close();
    }
  }

  void close() {
    dropMemory();
    stream.close();
  }
}
