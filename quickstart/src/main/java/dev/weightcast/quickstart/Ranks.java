package dev.weightcast.quickstart;

import dev.weightcast.api.TransferAbortedException;
import dev.weightcast.api.WeightTransferException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The ranks of one group, each on a thread of its own; when one fails, none is left waiting. */
final class Ranks implements AutoCloseable {

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<Rank> members = new CopyOnWriteArrayList<>();
  private @Nullable RankFailedException failure;

  <T extends Rank> T add(T member) {
    members.add(member);
    return member;
  }

  void start(Rank rank, Callable<?> work) {
    threads.execute(
        () -> {
          try {
            work.call();
          } catch (Exception | Error e) {
            failed(rank, e);
          }
        });
  }

  /** Waits for all of them; every engine has a deadline of its own, so this ends. */
  void await() throws RankFailedException, InterruptedException {
    threads.shutdown();
    while (!threads.awaitTermination(1, TimeUnit.MINUTES)) {}
    synchronized (this) {
      if (failure != null) {
        throw failure;
      }
    }
  }

  private void failed(Rank rank, Throwable cause) {
    synchronized (this) {
      // Who was aborted only knows that somebody left; keep the one who knows why
      if (failure == null || failure.getCause() instanceof TransferAbortedException) {
        failure = new RankFailedException(rank.name() + ": " + describe(cause), cause);
      }
    }
    closeAll();
  }

  /** A failure in one line: our messages speak for themselves, others need their type. */
  static String describe(Throwable failure) {
    boolean ours =
        failure instanceof WeightTransferException || failure instanceof RankFailedException;
    return ours ? String.valueOf(failure.getMessage()) : failure.toString();
  }

  private void closeAll() {
    members.forEach(Rank::close);
  }

  @Override
  public void close() {
    closeAll();
    threads.shutdownNow();
  }
}
