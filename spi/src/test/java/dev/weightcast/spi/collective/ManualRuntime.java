package dev.weightcast.spi.collective;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.Device;
import dev.weightcast.api.DeviceBuffer;
import dev.weightcast.api.DeviceEvent;
import dev.weightcast.api.DeviceException;
import dev.weightcast.api.DeviceStream;
import dev.weightcast.api.MemoryCopy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** A device without bytes whose streams run when the test says so, and that can refuse things. */
final class ManualRuntime implements DeviceRuntime {

  private static final Device DEVICE = new Device("manual", 0);

  private final AtomicLong addresses = new AtomicLong(4096);
  private final List<DeviceAccount.Item> open = new ArrayList<>();
  private final Queue<Runnable> waiting = new ArrayDeque<>();
  private boolean held;
  private String refused = "nothing";

  /** From now on, enqueued work waits for {@link #letGo}. */
  synchronized void hold() {
    held = true;
  }

  /** Runs what waits, and runs at once what comes later. */
  synchronized void letGo() {
    held = false;
    waiting.forEach(Runnable::run);
    waiting.clear();
  }

  synchronized boolean isHolding() {
    return held;
  }

  /** From now on, nothing of this kind can be made. */
  synchronized void refuse(String kind) {
    refused = kind;
  }

  private synchronized void enqueue(Runnable work) {
    if (held) {
      waiting.add(work);
    } else {
      work.run();
    }
  }

  private synchronized DeviceAccount.Item opened(String kind, String label, long bytes) {
    if (refused.equals(kind)) {
      throw new DeviceException("no more " + kind);
    }
    DeviceAccount.Item item = new DeviceAccount.Item(kind, label, bytes);
    open.add(item);
    return item;
  }

  private synchronized void closed(DeviceAccount.Item item) {
    open.removeIf(each -> each == item);
  }

  @Override
  public Device device() {
    return DEVICE;
  }

  @Override
  public DeviceBuffer allocate(String label, long byteSize) {
    return new Buffer(
        opened("buffer", label, byteSize), addresses.getAndAdd((byteSize / 256 + 1) * 256));
  }

  @Override
  public DeviceStream createStream(String label) {
    return new Stream(opened("stream", label, 0));
  }

  @Override
  public DeviceEvent createEvent() {
    return new Event(opened("event", "event", 0));
  }

  @Override
  public DeviceStream wrapStream(long handle) {
    throw new UnsupportedOperationException();
  }

  @Override
  public DeviceEvent wrapEvent(long handle) {
    throw new UnsupportedOperationException();
  }

  @Override
  public synchronized DeviceAccount account() {
    return new DeviceAccount(open);
  }

  @Override
  public synchronized DeviceAccount closeAndReport() {
    DeviceAccount left = account();
    open.clear();
    return left;
  }

  private final class Buffer implements DeviceBuffer {
    private final DeviceAccount.Item item;
    private final long address;

    private Buffer(DeviceAccount.Item item, long address) {
      this.item = item;
      this.address = address;
    }

    @Override
    public Device device() {
      return DEVICE;
    }

    @Override
    public long byteSize() {
      return item.bytes();
    }

    @Override
    public long address() {
      return address;
    }

    @Override
    public void close() {
      closed(item);
    }
  }

  private final class Stream implements DeviceStream {
    private final DeviceAccount.Item item;

    private Stream(DeviceAccount.Item item) {
      this.item = item;
    }

    @Override
    public Device device() {
      return DEVICE;
    }

    @Override
    public long handle() {
      return 1;
    }

    @Override
    public void copy(List<MemoryCopy> copies) {
      enqueue(() -> {});
    }

    @Override
    public void recordEvent(DeviceEvent event) {
      AtomicBoolean recording = new AtomicBoolean();
      ((Event) event).latest = recording;
      enqueue(() -> recording.set(true));
    }

    @Override
    public void waitEvent(DeviceEvent event) {
      enqueue(() -> {});
    }

    @Override
    public void synchronize(Deadline deadline) {
      try (DeviceEvent event = createEvent()) {
        recordEvent(event);
        event.synchronize(deadline);
      }
    }

    @Override
    public void close() {
      closed(item);
    }
  }

  private final class Event implements DeviceEvent {
    private final DeviceAccount.Item item;
    private volatile AtomicBoolean latest = new AtomicBoolean(true);

    private Event(DeviceAccount.Item item) {
      this.item = item;
    }

    @Override
    public long handle() {
      return 2;
    }

    @Override
    public boolean query() {
      return latest.get();
    }

    @Override
    public boolean await(Duration atMost) throws InterruptedException {
      Thread.sleep(latest.get() ? 0 : Math.max(1, atMost.toMillis()));
      return latest.get();
    }

    @Override
    public void close() {
      closed(item);
    }
  }
}
