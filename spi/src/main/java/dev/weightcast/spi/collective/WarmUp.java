package dev.weightcast.spi.collective;

import dev.weightcast.api.DataType;
import dev.weightcast.api.DeviceBuffer;
import dev.weightcast.api.DeviceEvent;
import dev.weightcast.api.DeviceStream;

/**
 * What the warm-up works on. Made before the communicator and kept for the engine's life: an
 * allocation may wait for the whole device, and so for kernels of ranks that wait for this one.
 */
record WarmUp(DeviceBuffer buffer, DeviceStream stream, DeviceEvent done) {

  static WarmUp make(DeviceRuntime runtime) {
    DeviceBuffer buffer = runtime.allocate("warm-up", DataType.FLOAT32.byteSize());
    try {
      DeviceStream stream = runtime.createStream("warm-up");
      try {
        return new WarmUp(buffer, stream, runtime.createEvent());
      } catch (RuntimeException | Error e) {
        stream.close();
        throw e;
      }
    } catch (RuntimeException | Error e) {
      buffer.close();
      throw e;
    }
  }

  /** Enqueues the all-reduce that every rank does before anything else. */
  void enqueue(Communicator communicator) {
    communicator.allReduceSum(buffer, 0, 1, DataType.FLOAT32, stream);
    stream.recordEvent(done);
  }

  void close() {
    done.close();
    stream.close();
    buffer.close();
  }
}
