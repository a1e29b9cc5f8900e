package dev.weightcast.cli;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.Device;
import dev.weightcast.api.DeviceException;
import dev.weightcast.api.TransferAbortedException;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.WeightTransferConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** All ranks of a measurement in this JVM, each on a thread of its own. */
final class BenchGroup implements AutoCloseable {

  private static final String SHARING_HINT =
      "; all ranks are in one process here and share a GPU: give --devices if there are more, or run"
          + " one process a rank, with bench --rank R --master HOST:PORT";

  private final List<BenchRank> ranks = new ArrayList<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private @Nullable Throwable failure;

  /**
   * Makes the engines.
   *
   * @param devices which to use in turn; if empty, one each as far as there are any
   */
  static BenchGroup make(
      String backend, int worldSize, List<Device> devices, WeightTransferConfig config) {
    BenchGroup group = new BenchGroup();
    try {
      for (int rank = 0; rank < worldSize; rank++) {
        group.ranks.add(group.makeRank(rank, backend, devices, config));
      }
      return group;
    } catch (RuntimeException | Error e) {
      group.close();
      throw e;
    }
  }

  private BenchRank makeRank(
      int rank, String backend, List<Device> devices, WeightTransferConfig config) {
    if (!devices.isEmpty() || rank == 0) {
      Optional<Device> device =
          devices.isEmpty() ? Optional.empty() : Optional.of(devices.get(rank % devices.size()));
      return BenchRank.make(rank, backend, device, config);
    }
    Device first = ranks.get(0).device().device();
    int known = (int) devices().stream().distinct().count();
    if (known == rank) { // there has been one for each so far
      try {
        return BenchRank.make(rank, backend, Optional.of(new Device(first.type(), rank)), config);
      } catch (DeviceException e) {
        System.getLogger("dev.weightcast.cli")
            .log(System.Logger.Level.DEBUG, "no further device: {0}", e.getMessage());
      }
    }
    Device again = ranks.get(rank % known).device().device();
    return BenchRank.make(rank, backend, Optional.of(again), config);
  }

  List<Device> devices() {
    return ranks.stream().map(rank -> rank.device().device()).toList();
  }

  boolean sharesAGpu() {
    return devices().get(0).type().equals("cuda")
        && devices().stream().distinct().count() < ranks.size();
  }

  /** The trainer's result, and of what is done once the slowest rank's. */
  BenchResult result() {
    BenchResult result = ranks.get(0).result();
    ranks.stream().skip(1).map(BenchRank::result).forEach(result::slowest);
    return result;
  }

  /** Runs all ranks to the end; when one fails none is left waiting. */
  void run(BenchRank.Task task, Consumer<BenchStep> told) {
    BroadcastInitInfo info =
        BroadcastInitInfo.ofUniqueId(ranks.get(0).createUniqueId().orElseThrow(), ranks.size());
    for (BenchRank rank : ranks) {
      threads.execute(
          () -> {
            try {
              rank.run(task, info, rank.rank() == 0 ? told : step -> {});
            } catch (RuntimeException | Error e) {
              failed(e);
            }
          });
    }
    threads.shutdown();
    try {
      while (!threads.awaitTermination(1, TimeUnit.MINUTES)) {
        // Every rank has deadlines of its own, so this ends.
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      failed(new CliException(ExitCode.INTERRUPTED, "interrupted", e));
    }
    throwFailure();
  }

  private void failed(Throwable e) {
    synchronized (this) {
      // Who was aborted only knows that somebody left; keep the one who knows why.
      if (failure == null
          || (failure instanceof TransferAbortedException
              && !(e instanceof TransferAbortedException))) {
        failure = e;
      }
    }
    threads.shutdownNow(); // interrupts every rank; each closes what it made
  }

  private synchronized void throwFailure() {
    if (failure instanceof TransferException transfer && sharesAGpu()) {
      throw new CliException(ExitCode.FAILED, transfer.getMessage() + SHARING_HINT, transfer);
    }
    if (failure instanceof RuntimeException e) {
      throw e;
    }
    if (failure instanceof Error e) {
      throw e;
    }
  }

  /** Ends all ranks, from any thread. */
  void interrupt() {
    threads.shutdownNow();
  }

  @Override
  public void close() {
    threads.shutdownNow();
    ranks.forEach(BenchRank::close);
  }
}
