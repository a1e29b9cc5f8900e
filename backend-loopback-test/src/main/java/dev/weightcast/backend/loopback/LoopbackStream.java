package dev.weightcast.backend.loopback;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.Device;
import dev.weightcast.api.DeviceEvent;
import dev.weightcast.api.DeviceException;
import dev.weightcast.api.DeviceStream;
import dev.weightcast.api.MemoryCopy;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A thread that runs its work later and in order.
 *
 * <p>When a piece of work fails, what comes behind it is skipped up to the next event, which tells
 * the failure; after that the stream works again.
 */
final class LoopbackStream implements DeviceStream {

  /** One piece of work; whenever it waits it looks at {@link #isClosing}. */
  interface Work {

    /**
     * Does it, or throws.
     *
     * @param failure what failed before it since the last event, or null
     */
    void run(@Nullable DeviceException failure) throws InterruptedException;
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Queue<Work> queue = new ArrayDeque<>();
  private final LoopbackRuntime runtime;
  private final String label;
  private final long handle;
  private final Thread thread;
  private volatile boolean closing;
  private @Nullable DeviceException failure; // touched by the stream's own thread alone

  LoopbackStream(LoopbackRuntime runtime, String label, long handle) {
    this.runtime = runtime;
    this.label = label;
    this.handle = handle;
    this.thread = new Thread(this::runAll, "weightcast-loopback-" + label.replace(' ', '-'));
    thread.setDaemon(true);
    runtime.started(thread);
    thread.start();
  }

  boolean isOf(LoopbackRuntime other) {
    return runtime == other;
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
    List<HostCopy> resolved = runtime.resolve(copies);
    Step planned = runtime.faults().insteadOfCopy(runtime);
    enqueue(unlessFailed(planned == null ? () -> resolved.forEach(HostCopy::run) : planned));
  }

  @Override
  public void recordEvent(DeviceEvent event) {
    LoopbackEvent own = runtime.own(event);
    LoopbackEvent.Recording recording = new LoopbackEvent.Recording();
    enqueue(
        before -> {
          failure = null; // the event tells it, once
          recording.complete(before);
        });
    own.moveTo(recording); // not before: a closed stream refuses, and would never come to the mark
  }

  @Override
  public void waitEvent(DeviceEvent event) {
    LoopbackEvent own = runtime.own(event);
    LoopbackEvent.Recording recording = own.latest();
    enqueue(
        unlessFailed(
            () -> {
              while (!recording.await(Deadline.MAX_SLICE)) {
                if (closing) {
                  throw new DeviceException("stream '" + label + "' was closed while it waited");
                }
              }
            }));
  }

  @Override
  public void synchronize(Deadline deadline) {
    try (DeviceEvent event = runtime.createEvent()) {
      recordEvent(event);
      event.synchronize(deadline);
    }
  }

  /** Work that is skipped when something before it failed. */
  interface Step {
    void run() throws InterruptedException;
  }

  static Work unlessFailed(Step step) {
    return failure -> {
      if (failure == null) {
        step.run();
      }
    };
  }

  void enqueue(Work work) {
    lock.lock();
    try {
      if (closing) {
        throw new DeviceException("stream '" + label + "' on " + device() + " is closed");
      }
      queue.add(work);
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Whether work that waits must give up. */
  boolean isClosing() {
    return closing;
  }

  private void runAll() {
    try {
      for (Work work = next(); work != null; work = next()) {
        runOne(work);
      }
    } finally {
      runtime.ended(thread);
    }
  }

  private void runOne(Work work) {
    try {
      runtime.faults().standStill(this::isClosing);
      DeviceException broken = runtime.broken();
      work.run(broken == null ? failure : broken);
    } catch (DeviceException e) {
      failure = e;
    } catch (InterruptedException e) {
      failure = new DeviceException("stream '" + label + "' was interrupted", e);
    } catch (RuntimeException | Error e) {
      failure = new DeviceException("stream '" + label + "' on " + device() + ": " + e, e);
    }
  }

  /** The next piece of work; null when the stream is closed and everything has run. */
  private @Nullable Work next() {
    lock.lock();
    try {
      while (queue.isEmpty() && !closing) {
        changed.awaitUninterruptibly();
      }
      return queue.poll();
    } finally {
      lock.unlock();
    }
  }

  /** Runs what is enqueued, but nothing waits any more, and then the thread ends. */
  @Override
  public void close() {
    lock.lock();
    try {
      closing = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    runtime.forget(this);
  }
}
