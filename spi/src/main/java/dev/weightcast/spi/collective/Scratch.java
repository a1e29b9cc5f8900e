package dev.weightcast.spi.collective;

import dev.weightcast.api.DeviceBuffer;
import dev.weightcast.api.DeviceEvent;
import dev.weightcast.api.DeviceStream;

/**
 * What an engine's own collectives work on: the warm-up, and the agreement where there is no side
 * channel. Made before the communicator and kept for the engine's life: giving memory back may wait
 * for the whole device, and so for kernels of ranks that wait for this one.
 */
record Scratch(DeviceBuffer buffer, DeviceStream stream, DeviceEvent done) {

  /** How large it is. */
  static final int BYTES = 16 << 10;

  static Scratch make(DeviceRuntime runtime) {
    DeviceBuffer buffer = runtime.allocate("scratch", BYTES);
    try {
      DeviceStream stream = runtime.createStream("scratch");
      try {
        return new Scratch(buffer, stream, runtime.createEvent());
      } catch (RuntimeException | Error e) {
        stream.close();
        throw e;
      }
    } catch (RuntimeException | Error e) {
      buffer.close();
      throw e;
    }
  }

  void close() {
    done.close();
    stream.close();
    buffer.close();
  }
}
