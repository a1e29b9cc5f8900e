package dev.weightcast.rendezvous;

import dev.weightcast.api.Deadline;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Runs the ranks of one group, each on a thread of its own. */
final class Ranks {

  interface Body<T> {
    T run(TcpStoreServer server, int rank) throws Exception;
  }

  private Ranks() {}

  static StatelessProcessGroup join(
      TcpStoreServer server, int rank, int worldSize, Deadline deadline) {
    return rank == 0
        ? StatelessProcessGroup.host(server, worldSize, deadline)
        : StatelessProcessGroup.join("127.0.0.1", server.port(), rank, worldSize, deadline);
  }

  static <T> List<T> run(int ranks, Body<T> body) {
    List<T> results = new ArrayList<>();
    for (Future<T> future : start(ranks, body)) {
      try {
        results.add(future.get());
      } catch (ExecutionException | InterruptedException e) {
        throw new AssertionError("a rank failed", e);
      }
    }
    return results;
  }

  /** What each rank threw, or null. */
  static <T> List<Throwable> failures(int ranks, Body<T> body) {
    List<Throwable> failures = new ArrayList<>();
    for (Future<T> future : start(ranks, body)) {
      try {
        future.get();
        failures.add(null);
      } catch (ExecutionException e) {
        failures.add(e.getCause());
      } catch (InterruptedException e) {
        throw new AssertionError("interrupted", e);
      }
    }
    return failures;
  }

  private static <T> List<Future<T>> start(int ranks, Body<T> body) {
    List<Future<T>> futures = new ArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(ranks);
    try (TcpStoreServer server = Samples.server()) {
      for (int i = 0; i < ranks; i++) {
        int rank = i;
        futures.add(threads.submit(() -> body.run(server, rank)));
      }
      for (Future<T> future : futures) {
        try {
          future.get();
        } catch (ExecutionException e) {
          // The caller asks the future again.
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
    } finally {
      threads.shutdownNow();
    }
    return futures;
  }
}
