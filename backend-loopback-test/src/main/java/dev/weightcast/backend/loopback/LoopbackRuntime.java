package dev.weightcast.backend.loopback;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.Device;
import dev.weightcast.api.DeviceBuffer;
import dev.weightcast.api.DeviceEvent;
import dev.weightcast.api.DeviceException;
import dev.weightcast.api.DeviceStream;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.Memory;
import dev.weightcast.api.MemoryCopy;
import dev.weightcast.api.OutOfDeviceMemoryException;
import dev.weightcast.spi.collective.DeviceAccount;
import dev.weightcast.spi.collective.DeviceRuntime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A device made of host memory, with an address space of its own: an address means something only
 * to the runtime it came from.
 */
final class LoopbackRuntime implements DeviceRuntime {

  /** Addresses are multiples of this, as a device's allocator gives them. */
  private static final long ALIGNMENT = 256;

  /** How long close waits for the streams' threads. */
  private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(10);

  private final Device device;
  private final AtomicLong nextAddress = new AtomicLong(1L << 40);
  private final AtomicLong nextHandle = new AtomicLong(1);
  private final NavigableMap<Long, LoopbackBuffer> buffers = new ConcurrentSkipListMap<>();
  private final Map<Object, DeviceAccount.Item> open = new LinkedHashMap<>();
  private final Set<Thread> streamThreads = ConcurrentHashMap.newKeySet();
  private volatile RankFaults faults = RankFaults.NONE;
  private volatile @Nullable DeviceException broken;
  private boolean closed;
  private DeviceAccount leftAtClose = DeviceAccount.EMPTY;

  LoopbackRuntime(Device device) {
    this.device = device;
  }

  @Override
  public Device device() {
    return device;
  }

  @Override
  public DeviceBuffer allocate(String label, long byteSize) {
    DeviceException present = broken;
    if (present != null) {
      throw new DeviceException("no memory for '" + label + "': " + present.getMessage(), present);
    }
    faults.allocate(label, byteSize);
    long space = (byteSize / ALIGNMENT + 1) * ALIGNMENT;
    LoopbackBuffer buffer =
        new LoopbackBuffer(this, label, nextAddress.getAndAdd(space), hostMemory(label, byteSize));
    remember(buffer, new DeviceAccount.Item("buffer", label, byteSize));
    buffers.put(buffer.address(), buffer);
    return buffer;
  }

  private HostMemory hostMemory(String label, long byteSize) {
    try {
      return HostMemory.allocate(byteSize);
    } catch (OutOfMemoryError e) {
      throw new OutOfDeviceMemoryException(
          "no "
              + byteSize
              + " bytes for '"
              + label
              + "' on "
              + device
              + " ("
              + account().bytes()
              + " are in use by this engine): "
              + e.getMessage()
              + "; raise -XX:MaxDirectMemorySize",
          byteSize);
    }
  }

  @Override
  public DeviceStream createStream(String label) {
    LoopbackStream stream = new LoopbackStream(this, label, nextHandle.getAndIncrement());
    try {
      remember(stream, new DeviceAccount.Item("stream", label, 0));
    } catch (DeviceException e) {
      stream.close();
      throw e;
    }
    return stream;
  }

  @Override
  public DeviceEvent createEvent() {
    LoopbackEvent event = new LoopbackEvent(this, nextHandle.getAndIncrement());
    remember(event, new DeviceAccount.Item("event", "event " + event.handle(), 0));
    return event;
  }

  @Override
  public DeviceStream wrapStream(long handle) {
    return new WrappedStream(find(LoopbackStream.class, "stream", handle));
  }

  @Override
  public DeviceEvent wrapEvent(long handle) {
    return new WrappedEvent(find(LoopbackEvent.class, "event", handle));
  }

  private synchronized <T> T find(Class<T> type, String kind, long handle) {
    for (Object candidate : open.keySet()) {
      boolean found =
          (candidate instanceof LoopbackStream stream && stream.handle() == handle)
              || (candidate instanceof LoopbackEvent event && event.handle() == handle);
      if (found && type.isInstance(candidate)) {
        return type.cast(candidate);
      }
    }
    throw new DeviceException("no open " + kind + " on " + device + " has the handle " + handle);
  }

  /** The event behind a handle of this runtime's own or a wrapped one. */
  LoopbackEvent own(DeviceEvent event) {
    DeviceEvent inner = event instanceof WrappedEvent wrapped ? wrapped.event() : event;
    if (inner instanceof LoopbackEvent own && own.isOf(this)) {
      return own;
    }
    throw new DeviceException("event " + event + " does not belong to this engine's " + device);
  }

  /** The stream behind a handle of this runtime's own or a wrapped one. */
  LoopbackStream own(DeviceStream stream) {
    DeviceStream inner = stream instanceof WrappedStream wrapped ? wrapped.stream() : stream;
    if (inner instanceof LoopbackStream own && own.isOf(this)) {
      return own;
    }
    throw new DeviceException("stream " + stream + " does not belong to this engine's " + device);
  }

  /** Finds both ends of each copy. */
  List<HostCopy> resolve(List<MemoryCopy> copies) {
    List<HostCopy> resolved = new ArrayList<>(copies.size());
    for (MemoryCopy copy : copies) {
      resolved.add(
          new HostCopy(
              resolve(copy.source(), copy.sourceOffset(), copy.byteSize()),
              resolve(copy.destination(), copy.destinationOffset(), copy.byteSize()),
              copy.byteSize()));
    }
    return resolved;
  }

  /** Finds what stands behind some bytes: host memory as it is, device memory by its address. */
  HostCopy.End resolve(Memory memory, long offset, long byteSize) {
    if (memory instanceof LoopbackBuffer own && own.isOf(this)) {
      own.memory(); // tells use after close where it is asked for, and not only when it runs
      return new HostCopy.End(own, offset);
    }
    if (!(memory instanceof DeviceBuffer foreign)) {
      return new HostCopy.End(memory, offset);
    }
    long address = foreign.address() + offset;
    Map.Entry<Long, LoopbackBuffer> entry = buffers.floorEntry(address);
    if (!foreign.device().equals(device)
        || entry == null
        || address + byteSize > entry.getKey() + entry.getValue().byteSize()) {
      throw new DeviceException(
          "illegal address: nothing of this engine's "
              + device
              + " has "
              + byteSize
              + " bytes at 0x"
              + Long.toHexString(address)
              + " (asked on "
              + foreign.device()
              + ")");
    }
    return new HostCopy.End(entry.getValue(), address - entry.getKey());
  }

  /** What goes wrong on this device, until another group is joined. */
  void attach(RankFaults ofRank) {
    faults = ofRank;
  }

  RankFaults faults() {
    return faults;
  }

  /** From now on all work on the device fails. */
  DeviceException breakDown(String reason) {
    DeviceException failure = new DeviceException(reason + "; nothing works on " + device + " now");
    broken = failure;
    return failure;
  }

  @Nullable DeviceException broken() {
    return broken;
  }

  void started(Thread streamThread) {
    streamThreads.add(streamThread);
  }

  void ended(Thread streamThread) {
    streamThreads.remove(streamThread);
  }

  private synchronized void remember(Object what, DeviceAccount.Item item) {
    if (closed) {
      throw new DeviceException("no " + item + " on " + device + ": its engine is closed");
    }
    open.put(what, item);
  }

  synchronized void forget(Object what) {
    open.remove(what);
    if (what instanceof LoopbackBuffer buffer) {
      buffers.remove(buffer.address());
    }
  }

  @Override
  public synchronized DeviceAccount account() {
    return new DeviceAccount(List.copyOf(open.values()));
  }

  /** What the first {@link #closeAndReport} has found. */
  synchronized DeviceAccount leftAtClose() {
    return leftAtClose;
  }

  @Override
  public DeviceAccount closeAndReport() {
    List<Object> left;
    DeviceAccount report;
    synchronized (this) {
      report = account();
      leftAtClose = closed ? leftAtClose : report;
      closed = true;
      left = List.copyOf(open.keySet());
    }
    for (Object each : left) {
      close(each);
    }
    faults.end();
    awaitStreamThreads();
    return report;
  }

  /** They end by themselves now; nothing that they wait for outlasts the closing of a stream. */
  private void awaitStreamThreads() {
    Deadline patience = Deadline.after(CLOSE_PATIENCE);
    boolean interrupted = false;
    for (Thread each : streamThreads) {
      while (each != Thread.currentThread() && each.isAlive() && !patience.isOver()) {
        try {
          each.join(Deadline.MAX_SLICE.toMillis());
        } catch (InterruptedException e) {
          interrupted = true; // told again below: what closes does not stop halfway
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static void close(Object each) {
    if (each instanceof LoopbackStream stream) {
      stream.close();
    } else if (each instanceof LoopbackEvent event) {
      event.close();
    } else if (each instanceof LoopbackBuffer buffer) {
      buffer.close();
    }
  }
}
