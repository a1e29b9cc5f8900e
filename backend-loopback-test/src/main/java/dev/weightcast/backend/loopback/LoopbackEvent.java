package dev.weightcast.backend.loopback;

import dev.weightcast.api.DeviceEvent;
import dev.weightcast.api.DeviceException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** A mark in a stream; each recording is a generation, done when its stream has come to it. */
final class LoopbackEvent implements DeviceEvent {

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition completed = lock.newCondition();
  private final LoopbackRuntime runtime;
  private final long handle;
  private long recordedGeneration;
  private long completedGeneration;
  private @Nullable DeviceException failure;

  LoopbackEvent(LoopbackRuntime runtime, long handle) {
    this.runtime = runtime;
    this.handle = handle;
  }

  @Override
  public long handle() {
    return handle;
  }

  /** A new recording, made by a stream; the generation to complete or to wait for. */
  long record() {
    lock.lock();
    try {
      failure = null;
      return ++recordedGeneration;
    } finally {
      lock.unlock();
    }
  }

  /** The newest recording. */
  long generation() {
    lock.lock();
    try {
      return recordedGeneration;
    } finally {
      lock.unlock();
    }
  }

  /** The stream has come to the mark, all well or with a failure before it. */
  void complete(long generation, @Nullable DeviceException with) {
    lock.lock();
    try {
      completedGeneration = Math.max(completedGeneration, generation);
      if (generation == recordedGeneration) {
        failure = with;
      }
      completed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean query() {
    lock.lock();
    try {
      return isDone(recordedGeneration);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean await(Duration atMost) throws InterruptedException {
    return awaitGeneration(generation(), atMost);
  }

  /** Waits for one recording; {@link #complete} wakes it. */
  boolean awaitGeneration(long generation, Duration atMost) throws InterruptedException {
    long end = System.nanoTime() + atMost.toNanos();
    lock.lockInterruptibly();
    try {
      for (long left = atMost.toNanos(); !isDone(generation); left = end - System.nanoTime()) {
        if (left <= 0 || !completed.await(left, TimeUnit.NANOSECONDS)) {
          return isDone(generation);
        }
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  private boolean isDone(long generation) {
    if (completedGeneration < generation) {
      return false;
    }
    DeviceException present = failure;
    if (present != null) {
      throw new DeviceException("work before the event failed: " + present.getMessage(), present);
    }
    return true;
  }

  boolean isOf(LoopbackRuntime other) {
    return runtime == other;
  }

  @Override
  public void close() {
    runtime.forget(this);
  }
}
