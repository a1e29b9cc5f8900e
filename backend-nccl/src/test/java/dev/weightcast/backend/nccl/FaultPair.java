package dev.weightcast.backend.nccl;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.Packing;
import dev.weightcast.api.WeightLoader;
import dev.weightcast.api.WeightTransferConfig;
import dev.weightcast.rendezvous.TcpStoreClient;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A trainer and a worker in one JVM, who meet at a real store, again and again at one port. */
final class FaultPair implements AutoCloseable {

  /** What both sides ended with; null is well. */
  record Outcome(@Nullable Throwable trainer, @Nullable Throwable worker) {}

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final WeightTransferConfig config;
  private final Packing packing;
  private final int port;
  private final List<FaultRank> all = new ArrayList<>();
  private volatile Gate trainersGate = phase -> {};
  private volatile Gate workersGate = phase -> {};
  private FaultRank trainer;
  private FaultRank worker;

  FaultPair(WeightTransferConfig config, Packing packing) throws Exception {
    this.config = config;
    this.packing = packing;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    trainer = made(true);
    worker = made(false);
  }

  private FaultRank made(boolean isTrainer) {
    FaultRank rank =
        new FaultRank(
            isTrainer, config, phase -> (isTrainer ? trainersGate : workersGate).at(phase));
    all.add(rank);
    return rank;
  }

  int port() {
    return port;
  }

  FaultRank trainer() {
    return trainer;
  }

  FaultRank worker() {
    return worker;
  }

  void onTrainersWay(Gate gate) {
    trainersGate = gate;
  }

  void onWorkersWay(Gate gate) {
    workersGate = gate;
  }

  /** The trainer leaves for good; another stands ready. */
  void replaceTrainer() {
    trainer.close();
    trainer = made(true);
  }

  /** The worker leaves for good; another stands ready. */
  void replaceWorker() {
    worker.close();
    worker = made(false);
  }

  /** Runs both sides at once, each on a thread of its own. */
  static Outcome both(Runnable trainer, Runnable worker) throws Exception {
    CompletableFuture<@Nullable Throwable> first = ending(trainer);
    CompletableFuture<@Nullable Throwable> second = ending(worker);
    return new Outcome(
        first.get(PATIENCE.toSeconds(), TimeUnit.SECONDS),
        second.get(PATIENCE.toSeconds(), TimeUnit.SECONDS));
  }

  /** Runs one side while the other does nothing. */
  Outcome alone(boolean isTrainer, Runnable side) throws Exception {
    return both(isTrainer ? side : () -> {}, isTrainer ? () -> {} : side);
  }

  private static CompletableFuture<@Nullable Throwable> ending(Runnable side) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            side.run();
            return null;
          } catch (RuntimeException | Error e) {
            return e;
          }
        },
        OwnThread.EACH);
  }

  Outcome init() throws Exception {
    return both(() -> trainer.init(port, 2, packing), () -> worker.init(port, 2, packing));
  }

  Outcome transfer() throws Exception {
    return both(trainer::transfer, worker::transfer);
  }

  /** A transfer that the worker loads in another way. */
  Outcome receivedBy(WeightLoader loader) throws Exception {
    FaultRank receiver = worker;
    return both(trainer::transfer, () -> receiver.receive(receiver.specs(), loader));
  }

  /** How many keys the store holds now. */
  long keys() {
    Deadline deadline = Deadline.after(PATIENCE);
    try (TcpStoreClient client = TcpStoreClient.connect("127.0.0.1", port, deadline)) {
      return client.keyCount(deadline);
    }
  }

  /** What every rank that there ever was holds on its device, a word for each. */
  List<String> onDevices() {
    return all.stream().flatMap(rank -> rank.cuda().openByKind().stream()).toList();
  }

  @Override
  public void close() {
    // The worker first: a trainer waits a moment for the others to hear that it leaves.
    worker.close();
    trainer.close();
  }
}
