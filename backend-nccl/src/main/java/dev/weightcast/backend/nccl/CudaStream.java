package dev.weightcast.backend.nccl;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.Device;
import dev.weightcast.api.DeviceEvent;
import dev.weightcast.api.DeviceException;
import dev.weightcast.api.DeviceStream;
import dev.weightcast.api.MemoryCopy;
import dev.weightcast.api.TransferAbortedException;
import dev.weightcast.api.TransferPhase;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/** A CUDA stream, own or somebody else's. */
final class CudaStream implements DeviceStream {

  private final CudaRuntime runtime;
  private final CudaCalls calls;
  private final long handle;
  private final Consumer<CudaStream> onClose;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final ReentrantLock lock = new ReentrantLock();
  private List<Landing> underway = new ArrayList<>();

  CudaStream(CudaRuntime runtime, long handle, Consumer<CudaStream> onClose) {
    this.runtime = runtime;
    this.calls = runtime.calls();
    this.handle = handle;
    this.onClose = onClose;
  }

  @Override
  public Device device() {
    return runtime.device();
  }

  @Override
  public long handle() {
    return handle;
  }

  @Override
  public void copy(List<MemoryCopy> copies) {
    new StreamCopies(runtime, this).run(copies);
  }

  @Override
  public void recordEvent(DeviceEvent event) {
    own(event).record(handle, underway());
  }

  @Override
  public void waitEvent(DeviceEvent event) {
    CudaEvent own = own(event);
    calls.check(
        "cudaStreamWaitEvent", calls.cuda().waitEvent(calls.ordinal(), handle, own.handle()));
    own.landings().forEach(this::expect);
  }

  @Override
  public void synchronize(Deadline deadline) {
    try (CudaEvent mark = runtime.createInternalEvent()) {
      recordEvent(mark);
      while (!deadline.isOver() && !mark.await(deadline.slice())) {
        runtime.checkChannels("waiting for a stream");
      }
      mark.synchronize(deadline); // done, or over: then it says so
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TransferAbortedException(
          "interrupted while waiting for a stream of " + device(), TransferPhase.DRAIN, 0, 0, e);
    }
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      onClose.accept(this);
    }
  }

  /** Adds to what is on its way to the host behind everything enqueued so far. */
  void expect(Landing landing) {
    lock.lock();
    try {
      underway.removeIf(Landing::isOver);
      underway.add(landing);
    } finally {
      lock.unlock();
    }
  }

  /** What is on its way to the host and was not carried on yet. */
  List<Landing> underway() {
    lock.lock();
    try {
      if (underway.isEmpty()) {
        return List.of();
      }
      underway.removeIf(Landing::isOver);
      return List.copyOf(underway);
    } finally {
      lock.unlock();
    }
  }

  private CudaEvent own(DeviceEvent event) {
    if (event instanceof CudaEvent cudaEvent) {
      return cudaEvent;
    }
    throw new DeviceException(
        "an event of type "
            + event.getClass().getName()
            + " cannot be used on a stream of "
            + device()
            + "; wrap a CUDA event with wrapEvent");
  }
}
