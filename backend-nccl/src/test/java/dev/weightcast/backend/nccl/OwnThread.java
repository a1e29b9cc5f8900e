package dev.weightcast.backend.nccl;

import java.util.concurrent.Executor;

/**
 * A thread for each task, for ranks that wait for each other. The common pool may have one thread
 * only, and since JDK 25 a CompletableFuture takes it even then.
 */
enum OwnThread implements Executor {
  EACH;

  @Override
  public void execute(Runnable task) {
    Thread thread = new Thread(task, "test-rank");
    thread.setDaemon(true);
    thread.start();
  }
}
