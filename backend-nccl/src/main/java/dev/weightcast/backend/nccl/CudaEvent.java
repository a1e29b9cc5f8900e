package dev.weightcast.backend.nccl;

import dev.weightcast.api.DeviceEvent;
import dev.weightcast.api.DeviceException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A CUDA event, own or somebody else's; asked again and again and never waited for inside the
 * driver.
 *
 * <p>Bytes that go to pageable host memory arrive in pinned memory first. The last step is done by
 * whoever finds the event done: the event remembers what was on its way when it was recorded.
 */
final class CudaEvent implements DeviceEvent {

  private final CudaCalls calls;
  private final long handle;
  private final Consumer<CudaEvent> onClose;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final ReentrantLock lock = new ReentrantLock();
  private final boolean remembers;
  private List<Landing> landings = List.of();
  private @Nullable DeviceException failure;

  /**
   * An event.
   *
   * @param remembers whether a failure is told again until the event is recorded anew, for which
   *     all recording has to go through {@link #record}
   */
  CudaEvent(CudaCalls calls, long handle, boolean remembers, Consumer<CudaEvent> onClose) {
    this.calls = calls;
    this.handle = handle;
    this.remembers = remembers;
    this.onClose = onClose;
  }

  @Override
  public long handle() {
    return handle;
  }

  /** What must have landed on the host before this event counts as done. */
  List<Landing> landings() {
    lock.lock();
    try {
      return landings;
    } finally {
      lock.unlock();
    }
  }

  /** Records the event; what a look finds belongs to the recording before or to this one. */
  void record(long stream, List<Landing> underway) {
    lock.lock();
    try {
      calls.check("cudaEventRecord", calls.cuda().recordEvent(calls.ordinal(), handle, stream));
      landings = underway;
      failure = null;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean query() {
    List<Landing> arrived = arrived();
    if (arrived == null) {
      return false;
    }
    arrived.forEach(Landing::finish); // each that failed says so again
    return true;
  }

  /** What has to land now that the device is done, or null if it is not. */
  private @Nullable List<Landing> arrived() {
    lock.lock();
    try {
      DeviceException known = failure;
      if (known != null) {
        throw new DeviceException(String.valueOf(known.getMessage()), known);
      }
      return calls.isDone("cudaEventQuery", calls.cuda().queryEvent(calls.ordinal(), handle))
          ? landings
          : null;
    } catch (DeviceException e) {
      if (remembers && failure == null) {
        failure = e;
      }
      throw e;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean await(Duration atMost) throws InterruptedException {
    Poll poll = new Poll(atMost.toNanos());
    while (!query()) {
      if (!poll.pause()) {
        return query();
      }
    }
    return true;
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      onClose.accept(this);
    }
  }
}
