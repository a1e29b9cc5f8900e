package dev.weightcast.rendezvous;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.api.Deadline;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Something that runs on a thread of its own, and ends within a wide bound or fails the test. */
final class Background<T> {

  private static final long BOUND_SECONDS = 20;

  private final FutureTask<T> task;
  private final Thread thread;

  private Background(Callable<T> body) {
    task = new FutureTask<>(body);
    thread = new Thread(task, "background");
    thread.setDaemon(true);
    thread.start();
  }

  static <T> Background<T> run(Callable<T> body) {
    return new Background<>(body);
  }

  Thread thread() {
    return thread;
  }

  boolean isDone() {
    return task.isDone();
  }

  T result() throws Exception {
    return task.get(BOUND_SECONDS, TimeUnit.SECONDS);
  }

  Throwable failure() throws Exception {
    try {
      T result = result();
      return new AssertionError("it ended well, with " + result);
    } catch (ExecutionException e) {
      return e.getCause();
    }
  }

  /** Waits until something has come to be. */
  static void await(BooleanSupplier condition, Deadline deadline) throws InterruptedException {
    while (!condition.getAsBoolean()) {
      assertThat(deadline.isExpired()).as("it never came to be").isFalse();
      Thread.sleep(2);
    }
  }

  /** Gives other threads the time to come to where they block; nothing depends on its length. */
  static void settle() throws InterruptedException {
    Thread.sleep(60);
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
  }
}
