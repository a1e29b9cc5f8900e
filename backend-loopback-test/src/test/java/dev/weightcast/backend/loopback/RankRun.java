package dev.weightcast.backend.loopback;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What one rank does on a thread of its own, and what that came to. */
final class RankRun {

  /** May throw what it likes. */
  interface Work {
    void run() throws Exception;
  }

  final int rank;
  final Thread thread;
  volatile @Nullable Throwable failure;
  volatile boolean wasInterrupted;

  RankRun(int rank, Work work) {
    this.rank = rank;
    thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (Throwable e) {
                failure = e;
              }
              wasInterrupted = Thread.currentThread().isInterrupted();
            },
            "explorer-rank-" + rank);
    thread.start();
  }

  boolean isDone() {
    return !thread.isAlive();
  }

  String where() {
    List<StackTraceElement> stack = List.of(thread.getStackTrace());
    return thread.getName() + " at " + stack.subList(0, Math.min(12, stack.size()));
  }
}
