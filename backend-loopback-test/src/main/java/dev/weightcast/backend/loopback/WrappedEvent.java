package dev.weightcast.backend.loopback;

import dev.weightcast.api.DeviceEvent;
import java.time.Duration;

/** Somebody else's event: closing it leaves the owner's alone. */
record WrappedEvent(LoopbackEvent event) implements DeviceEvent {

  @Override
  public long handle() {
    return event.handle();
  }

  @Override
  public boolean query() {
    return event.query();
  }

  @Override
  public boolean await(Duration atMost) throws InterruptedException {
    return event.await(atMost);
  }

  @Override
  public void close() {}
}
