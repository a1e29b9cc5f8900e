package dev.weightcast.cli;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ctrl-C, and what it ends: whatever is registered is closed, the last one first, so that its
 * operation fails on its own thread, which then says how far it came.
 */
final class Interruption {

  /** How long the command gets to say so; closing an engine takes at most about as long. */
  private static final Duration PATIENCE = Duration.ofSeconds(12);

  private final CountDownLatch interrupted = new CountDownLatch(1);
  private final CountDownLatch finished = new CountDownLatch(1);
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private volatile String where = "";

  /** Closes something when Ctrl-C comes; at once if it has come already. */
  <T extends AutoCloseable> T register(T resource) {
    synchronized (open) {
      open.push(resource);
    }
    if (isInterrupted()) {
      close(resource);
    }
    return resource;
  }

  void unregister(AutoCloseable resource) {
    synchronized (open) {
      open.removeIf(each -> each == resource);
    }
  }

  /** What the command is at now, such as {@code round 2 of 5}; said when Ctrl-C ends it. */
  void at(String what) {
    where = what;
  }

  String where() {
    return where;
  }

  boolean isInterrupted() {
    return interrupted.getCount() == 0;
  }

  /**
   * Waits for a while, and not longer than until Ctrl-C.
   *
   * @return whether Ctrl-C has come
   */
  boolean await(Duration time) {
    try {
      return interrupted.await(time.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  /**
   * Ends everything that is under way; returns when the command has ended too, or after a while.
   */
  void interrupt() {
    interrupted.countDown();
    while (true) {
      AutoCloseable next;
      synchronized (open) {
        next = open.poll();
      }
      if (next == null) {
        break;
      }
      close(next);
    }
    try {
      finished.await(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The command has said all that it has to say. */
  void finished() {
    finished.countDown();
  }

  private static void close(AutoCloseable resource) {
    try {
      resource.close();
    } catch (Exception e) {
      // Its own operation reports what went wrong; here nothing more can be done.
      System.getLogger("dev.weightcast.cli").log(System.Logger.Level.DEBUG, "while ending", e);
    }
  }
}
