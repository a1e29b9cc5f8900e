package dev.weightcast.backend.loopback;

import dev.weightcast.api.DeviceEvent;
import dev.weightcast.api.DeviceException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** A mark in a stream; recording it again makes a new {@link Recording} and leaves the old one. */
final class LoopbackEvent implements DeviceEvent {

  /**
   * One recording, done when its stream has come to it.
   *
   * <p>Each stands for itself: a stream that waits for one must not be let go by the next, which
   * may be on another stream, and must be told of a failure before this one and not before the
   * next.
   */
  static final class Recording {

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition completed = lock.newCondition();
    private boolean done;
    private @Nullable DeviceException failure;

    /** The stream has come to the mark, all well or with a failure before it. */
    void complete(@Nullable DeviceException with) {
      lock.lock();
      try {
        done = true;
        failure = with;
        completed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    boolean query() {
      lock.lock();
      try {
        return isDone();
      } finally {
        lock.unlock();
      }
    }

    /** Waits for the mark; {@link #complete} wakes it. */
    boolean await(Duration atMost) throws InterruptedException {
      long end = System.nanoTime() + atMost.toNanos();
      lock.lockInterruptibly();
      try {
        for (long left = atMost.toNanos(); !isDone(); left = end - System.nanoTime()) {
          if (left <= 0 || !completed.await(left, TimeUnit.NANOSECONDS)) {
            return isDone();
          }
        }
        return true;
      } finally {
        lock.unlock();
      }
    }

    private boolean isDone() {
      DeviceException present = failure;
      if (present != null) {
        throw new DeviceException("work before the event failed: " + present.getMessage(), present);
      }
      return done;
    }
  }

  private final LoopbackRuntime runtime;
  private final long handle;
  private volatile Recording latest = new Recording();

  LoopbackEvent(LoopbackRuntime runtime, long handle) {
    this.runtime = runtime;
    this.handle = handle;
    latest.complete(null); // what was never recorded counts as done
  }

  @Override
  public long handle() {
    return handle;
  }

  /** Moves the mark to where a stream has just put it. */
  void moveTo(Recording recording) {
    latest = recording;
  }

  /** Where the mark is now. */
  Recording latest() {
    return latest;
  }

  @Override
  public boolean query() {
    return latest.query();
  }

  @Override
  public boolean await(Duration atMost) throws InterruptedException {
    return latest.await(atMost);
  }

  boolean isOf(LoopbackRuntime other) {
    return runtime == other;
  }

  @Override
  public void close() {
    runtime.forget(this);
  }
}
