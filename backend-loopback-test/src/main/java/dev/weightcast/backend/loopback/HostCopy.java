package dev.weightcast.backend.loopback;

import dev.weightcast.api.HostMemory;
import dev.weightcast.api.Memory;

/** A copy whose two ends have been found on the host. */
record HostCopy(End source, End destination, long byteSize) {

  /** A place in host memory, or in a buffer that must still be open when the copy runs. */
  record End(Memory memory, long offset) {

    HostMemory host() {
      return memory instanceof LoopbackBuffer buffer ? buffer.memory() : (HostMemory) memory;
    }
  }

  void run() {
    destination.host().copyFrom(destination.offset(), source.host(), source.offset(), byteSize);
  }
}
