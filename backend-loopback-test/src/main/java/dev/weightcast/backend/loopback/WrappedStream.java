package dev.weightcast.backend.loopback;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.Device;
import dev.weightcast.api.DeviceEvent;
import dev.weightcast.api.DeviceStream;
import dev.weightcast.api.MemoryCopy;
import java.util.List;

/** Somebody else's stream: closing it leaves the owner's alone. */
record WrappedStream(LoopbackStream stream) implements DeviceStream {

  @Override
  public Device device() {
    return stream.device();
  }

  @Override
  public long handle() {
    return stream.handle();
  }

  @Override
  public void copy(List<MemoryCopy> copies) {
    stream.copy(copies);
  }

  @Override
  public void recordEvent(DeviceEvent event) {
    stream.recordEvent(event);
  }

  @Override
  public void waitEvent(DeviceEvent event) {
    stream.waitEvent(event);
  }

  @Override
  public void synchronize(Deadline deadline) {
    stream.synchronize(deadline);
  }

  @Override
  public void close() {}
}
