package dev.weightcast.backend.nccl;

import java.time.Duration;
import java.util.List;

/** The threads of ours that are there. */
final class ThreadsLeft {

  private ThreadsLeft() {}

  /** Those that are left when they had so long to end. */
  static List<String> after(Duration patience) throws InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    while (true) {
      List<String> names =
          Thread.getAllStackTraces().keySet().stream()
              .map(Thread::getName)
              .filter(name -> name.startsWith("weightcast-"))
              .sorted()
              .toList();
      if (names.isEmpty() || System.nanoTime() - end > 0) {
        return names;
      }
      Thread.sleep(5);
    }
  }
}
