package dev.weightcast.spi.collective;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.EngineState;
import dev.weightcast.api.EngineStateException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The state machine of an engine: {@code NEW → READY → UPDATING → READY}, any failure → {@code
 * FAILED}, {@code CLOSED} for good; one operation at a time.
 *
 * <p>An operation {@link #begin begins} and ends; {@link #close} may come from any thread at any
 * time, cancels the operation under way, and the last one out cleans up, exactly once.
 */
final class EngineLifecycle {

  /** What an engine can be asked, and the states during it and after it. */
  enum Operation {
    INIT("initTransferEngine", null, EngineState.READY),
    START("startWeightUpdate", null, EngineState.UPDATING),
    RECEIVE("receiveWeights", null, EngineState.UPDATING),
    FINISH("finishWeightUpdate", null, EngineState.READY),
    SEND("sendWeights", EngineState.UPDATING, EngineState.READY);

    private final String method;
    private final @Nullable EngineState meanwhile;
    private final EngineState to;

    Operation(String method, @Nullable EngineState meanwhile, EngineState to) {
      this.method = method;
      this.meanwhile = meanwhile;
      this.to = to;
    }

    boolean isAllowedIn(EngineState state) {
      return switch (this) {
        case INIT ->
            state == EngineState.NEW || state == EngineState.READY || state == EngineState.FAILED;
        case START, SEND -> state == EngineState.READY;
        case RECEIVE, FINISH -> state == EngineState.UPDATING;
      };
    }

    String method() {
      return method;
    }
  }

  /** One operation under way. */
  private record Current(Operation operation, Thread thread, Deadline deadline) {}

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition clean = lock.newCondition();
  private final Runnable cleanup;
  private EngineState state = EngineState.NEW;
  private @Nullable Throwable firstFailure;
  private @Nullable Current current;
  private boolean cleanupClaimed;
  private boolean cleaned;
  private @Nullable Thread cleaner;

  /**
   * @param cleanup gives everything back; runs once, when the engine is closed and idle
   */
  EngineLifecycle(Runnable cleanup) {
    this.cleanup = cleanup;
  }

  EngineState state() {
    lock.lock();
    try {
      return state;
    } finally {
      lock.unlock();
    }
  }

  /** Claims the engine for an operation, or says why it cannot be had. */
  void begin(Operation operation, Deadline deadline) {
    lock.lock();
    try {
      if (current != null) {
        throw refused(
            operation.method
                + " was called while "
                + current.operation.method
                + " is running on thread '"
                + current.thread.getName()
                + "'; an engine does one thing at a time");
      }
      if (!operation.isAllowedIn(state)) {
        throw refused(operation.method + " " + explanation());
      }
      current = new Current(operation, Thread.currentThread(), deadline);
      if (operation.meanwhile != null) {
        state = operation.meanwhile;
      }
    } finally {
      lock.unlock();
    }
  }

  private String explanation() {
    return switch (state) {
      case NEW -> "was called on an engine that is not initialized; call initTransferEngine first";
      case READY -> "was called, but no update was started; call startWeightUpdate first";
      case UPDATING -> "was called in the middle of an update; call finishWeightUpdate first";
      case FAILED ->
          "was called on an engine that has failed; call initTransferEngine to start afresh."
              + " The first failure was: "
              + firstFailure;
      case CLOSED -> "was called on an engine that is closed; make a new one";
    };
  }

  private EngineStateException refused(String message) {
    return new EngineStateException(message, state, firstFailure);
  }

  /** Ends the operation under way; a failure moves the engine to FAILED. */
  void end(@Nullable Throwable failure) {
    boolean last;
    lock.lock();
    try {
      Current ended = current;
      if (ended == null) {
        throw new IllegalStateException("no operation is under way");
      }
      current = null;
      if (state != EngineState.CLOSED) {
        state = failure == null ? ended.operation.to : EngineState.FAILED;
        firstFailure = failure;
      }
      last = claimCleanup();
    } finally {
      lock.unlock();
    }
    cleanUpIf(last);
  }

  /**
   * Closes for good: cancels the operation under way and waits for it to end, for at most so long.
   * Called from within the operation, or from within the clean-up, it does not wait; the operation
   * cleans up when it ends.
   */
  void close(Duration patience) {
    boolean last;
    lock.lock();
    try {
      state = EngineState.CLOSED;
      Current running = current;
      if (running != null) {
        running.deadline.cancel(
            "the engine was closed by thread '" + Thread.currentThread().getName() + "'");
      }
      boolean own = Thread.currentThread() == (running == null ? cleaner : running.thread);
      if (!own && (running != null || cleanupClaimed)) {
        awaitClean(patience.toNanos());
      }
      last = claimCleanup();
    } finally {
      lock.unlock();
    }
    cleanUpIf(last);
  }

  /** Until whoever is last out has cleaned up and signals it. */
  private void awaitClean(long nanos) {
    boolean interrupted = false;
    long end = System.nanoTime() + nanos;
    for (long left = nanos; !cleaned && left > 0; left = end - System.nanoTime()) {
      try {
        boolean signalled = clean.await(left, TimeUnit.NANOSECONDS);
        if (!signalled) {
          break;
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean claimCleanup() {
    if (state != EngineState.CLOSED || current != null || cleanupClaimed) {
      return false;
    }
    cleanupClaimed = true;
    cleaner = Thread.currentThread();
    return true;
  }

  private void cleanUpIf(boolean last) {
    if (!last) {
      return;
    }
    try {
      cleanup.run();
    } finally {
      lock.lock();
      try {
        cleaned = true;
        cleaner = null;
        clean.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }
}
