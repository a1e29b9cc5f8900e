package dev.weightcast.spi.collective;

import dev.weightcast.api.Deadline;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * Stands beside an operation: when the deadline is over, or the operation is in trouble, and it has
 * not ended by itself, it acts from outside, and interrupts the operation's thread until that has
 * noticed.
 *
 * <p>The engine's own waits look at the deadline and the communicator and need no watchdog; a
 * source, a loader or a native call that blocks does not. Nothing happens after {@link #disarm()}
 * has returned.
 */
final class Watchdog {

  /** How long the operation's own waits get to notice first. */
  private static final long GRACE_NANOS = 3 * Deadline.MAX_SLICE.toNanos();

  private static final long AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition change = lock.newCondition();
  private final Deadline deadline;
  private final BooleanSupplier trouble;
  private final Runnable action;
  private final Thread guarded = Thread.currentThread();
  private boolean disarmed;
  private boolean fired;
  private boolean interrupted;

  private Watchdog(Deadline deadline, BooleanSupplier trouble, Runnable action) {
    this.deadline = deadline;
    this.trouble = trouble;
    this.action = action;
  }

  /**
   * Guards the calling thread's operation.
   *
   * @param deadline the operation's
   * @param trouble whether something else has happened that the operation cannot go on after; asked
   *     again and again, must not throw or block
   * @param action what to do from outside then; called again until disarmed, must not throw or
   *     block
   */
  static Watchdog arm(Deadline deadline, BooleanSupplier trouble, Runnable action, String name) {
    Watchdog watchdog = new Watchdog(deadline, trouble, action);
    Thread thread = new Thread(watchdog::watch, name);
    thread.setDaemon(true);
    thread.start();
    return watchdog;
  }

  private void watch() {
    lock.lock();
    try {
      while (!disarmed && !isDue()) {
        pause(Deadline.MAX_SLICE.toNanos());
      }
      pause(GRACE_NANOS);
      while (!disarmed && isDue()) { // trouble is over if the operation has come to its end
        fired = true;
        action.run();
        if (!guarded.isInterrupted()) { // if it is, by somebody else, that is not ours to take back
          interrupted = true;
          guarded.interrupt();
        }
        pause(AGAIN_NANOS);
      }
    } finally {
      lock.unlock();
    }
  }

  private boolean isDue() {
    return deadline.isOver() || trouble.getAsBoolean();
  }

  /** Sleeps until the time is up or the watchdog is disarmed; nobody interrupts this thread. */
  private void pause(long nanos) {
    long left = nanos;
    while (!disarmed && left > 0) {
      try {
        left = change.awaitNanos(left);
      } catch (InterruptedException e) {
        return; // only a test or a debugger does that: look again
      }
    }
  }

  /** Whether it has interrupted the thread: if not, an interruption was somebody else's. */
  boolean hasInterrupted() {
    lock.lock();
    try {
      return interrupted;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Ends the watch. If the watchdog had interrupted the thread, that interruption is taken back.
   *
   * @return whether it had acted
   */
  boolean disarm() {
    lock.lock();
    try {
      disarmed = true;
      change.signalAll();
      if (interrupted) {
        Thread.interrupted();
      }
      return fired;
    } finally {
      lock.unlock();
    }
  }
}
