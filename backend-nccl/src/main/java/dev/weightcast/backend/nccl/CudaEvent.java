package dev.weightcast.backend.nccl;

import dev.weightcast.api.DeviceEvent;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

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
  private volatile List<Landing> landings = List.of();

  CudaEvent(CudaCalls calls, long handle, Consumer<CudaEvent> onClose) {
    this.calls = calls;
    this.handle = handle;
    this.onClose = onClose;
  }

  @Override
  public long handle() {
    return handle;
  }

  /** What must have landed on the host before this event counts as done. */
  List<Landing> landings() {
    return landings;
  }

  void recorded(List<Landing> underway) {
    landings = underway;
  }

  @Override
  public boolean query() {
    if (!calls.isDone("cudaEventQuery", calls.cuda().queryEvent(calls.ordinal(), handle))) {
      return false;
    }
    List<Landing> arrived = landings;
    arrived.forEach(Landing::finish);
    return true;
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
