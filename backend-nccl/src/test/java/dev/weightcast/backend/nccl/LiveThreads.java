package dev.weightcast.backend.nccl;

import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The ranks of one JVM: a thread each, platform or virtual, that meet now and then. The first that
 * fails frees the others from where they meet; a thread that does not end is told about.
 */
final class LiveThreads {

  /** What one rank does; gives how much of it was wrong. */
  interface Body {
    long run(int rank) throws Exception;
  }

  private static final long PATIENCE_SECONDS = 90;

  private final int worldSize;
  private final boolean virtual;
  private final CyclicBarrier barrier;
  private final Map<String, CompletableFuture<Object>> shared = new ConcurrentHashMap<>();

  LiveThreads(int worldSize, String kind) {
    this.worldSize = worldSize;
    this.virtual = kind.equals("virtual");
    this.barrier = new CyclicBarrier(worldSize);
  }

  /** Runs all ranks; gives the sum of what was wrong, and one for each that failed. */
  long run(Body body, int limitSeconds) {
    AtomicLong wrong = new AtomicLong();
    List<Thread> threads = new ArrayList<>();
    for (int rank = 0; rank < worldSize; rank++) {
      int self = rank;
      threads.add(thread(() -> wrong.addAndGet(one(body, self))));
    }
    threads.forEach(Thread::start);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(limitSeconds);
    for (Thread thread : threads) {
      try {
        thread.join(Math.max(1, (end - System.nanoTime()) / 1_000_000));
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      if (thread.isAlive()) {
        System.out.println("STUCK: " + thread.getName() + " after " + limitSeconds + " s");
        for (StackTraceElement frame : thread.getStackTrace()) {
          System.out.println("    at " + frame);
        }
        wrong.incrementAndGet();
      }
    }
    return wrong.get();
  }

  private long one(Body body, int rank) {
    Thread.currentThread().setName("rank-" + rank);
    long start = System.nanoTime();
    try {
      return body.run(rank);
    } catch (Exception | Error e) {
      System.out.printf(
          "rank %d failed after %.2f s: %s%n", rank, (System.nanoTime() - start) / 1e9, e);
      barrier.reset();
      return 1;
    }
  }

  private Thread thread(Runnable task) {
    if (!virtual) {
      return new Thread(task);
    }
    try { // JDK 21's, which the code is not compiled against
      Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
      return (Thread)
          Class.forName("java.lang.Thread$Builder")
              .getMethod("unstarted", Runnable.class)
              .invoke(builder, task);
    } catch (NoSuchMethodException
        | ClassNotFoundException
        | IllegalAccessException
        | InvocationTargetException e) {
      throw new IllegalStateException("this JVM has no virtual threads", e);
    }
  }

  /** Waits for all other ranks; whoever fails before it comes here ends the wait. */
  void meet() throws InterruptedException {
    try {
      int place = barrier.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
      assert place >= 0;
    } catch (BrokenBarrierException | TimeoutException e) {
      throw new IllegalStateException("another rank did not come", e);
    }
  }

  /** Gives a thing to the other ranks, or waits for it if it is null. */
  @SuppressWarnings("unchecked")
  <T> T share(String name, T thing) throws InterruptedException {
    CompletableFuture<Object> place = shared.computeIfAbsent(name, n -> new CompletableFuture<>());
    if (thing != null) {
      place.complete(thing);
    }
    try {
      return (T) place.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException("nobody gave " + name, e);
    }
  }
}
