package dev.weightcast.backend.loopback;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.Device;
import dev.weightcast.api.ParallelConfig;
import dev.weightcast.api.TrainerWeightTransferEngine;
import dev.weightcast.api.UniqueId;
import dev.weightcast.api.WeightTransferConfig;
import dev.weightcast.api.WeightTransferEngine;
import dev.weightcast.spi.BackendContext;
import dev.weightcast.spi.collective.CollectiveEngines;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;

/** A trainer and some workers of one group, each driven on a thread of its own. */
final class Fleet implements AutoCloseable {

  private static final Device DEVICE = new Device("loopback", 0);

  TrainerWeightTransferEngine<BroadcastInitInfo> trainer;
  final List<WeightTransferEngine<BroadcastInitInfo, BroadcastUpdateInfo>> workers =
      new ArrayList<>();
  private final Set<LoopbackGroup> groups = ConcurrentHashMap.newKeySet();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final WeightTransferConfig config;
  private final LoopbackCommunicatorFactory factory;
  BroadcastInitInfo info;

  Fleet(int workerCount, WeightTransferConfig config, UnaryOperator<BroadcastInitInfo> change) {
    this(workerCount, config, rank -> false, false, change);
  }

  /** A fleet some of whose ranks behave as if they were not Weightcast's own. */
  Fleet(
      int workerCount,
      WeightTransferConfig config,
      IntPredicate foreign,
      UnaryOperator<BroadcastInitInfo> change) {
    this(workerCount, config, foreign, false, change);
  }

  private Fleet(
      int workerCount,
      WeightTransferConfig config,
      IntPredicate foreign,
      boolean mute,
      UnaryOperator<BroadcastInitInfo> change) {
    this.config = config;
    this.factory = new LoopbackCommunicatorFactory(foreign, groups::add, mute);
    trainer = newTrainer();
    for (int i = 0; i < workerCount; i++) {
      workers.add(newWorker(i));
    }
    UniqueId id = trainer.createUniqueId();
    info = change.apply(BroadcastInitInfo.ofUniqueId(id, workerCount + 1).withRankOffset(1));
  }

  private TrainerWeightTransferEngine<BroadcastInitInfo> newTrainer() {
    return CollectiveEngines.trainer(
        "loopback",
        factory,
        new LoopbackRuntime(DEVICE),
        new BackendContext(config, ParallelConfig.SINGLE));
  }

  private WeightTransferEngine<BroadcastInitInfo, BroadcastUpdateInfo> newWorker(int worker) {
    return CollectiveEngines.worker(
        "loopback",
        factory,
        new LoopbackRuntime(DEVICE),
        new BackendContext(config, new ParallelConfig(worker, 1, 1, 0)));
  }

  /** Puts another engine in the place of a rank's, which is closed. */
  void replace(int rank) {
    if (rank == 0) {
      trainer.close();
      trainer = newTrainer();
    } else {
      workers.get(rank - 1).close();
      workers.set(rank - 1, newWorker(rank - 1));
    }
  }

  /** A fleet whose ranks are ours and have no way to each other but collectives. */
  static Fleet mute(
      int workerCount, WeightTransferConfig config, UnaryOperator<BroadcastInitInfo> change) {
    return new Fleet(workerCount, config, rank -> false, true, change);
  }

  /** A fleet that has joined, all of whose ranks behave as if they were not Weightcast's own. */
  static Fleet withoutChannel(
      int workerCount, WeightTransferConfig config, UnaryOperator<BroadcastInitInfo> change)
      throws Exception {
    Fleet fleet = new Fleet(workerCount, config, rank -> true, change);
    fleet.join();
    return fleet;
  }

  /** A fleet that has joined. */
  static Fleet joined(
      int workerCount, WeightTransferConfig config, UnaryOperator<BroadcastInitInfo> change)
      throws Exception {
    Fleet fleet = new Fleet(workerCount, config, change);
    fleet.join();
    return fleet;
  }

  void join() throws Exception {
    List<Future<?>> all = new ArrayList<>();
    all.add(start(() -> initTrainer()));
    for (int i = 0; i < workers.size(); i++) {
      int worker = i;
      all.add(start(() -> initWorker(worker)));
    }
    awaitAll(all);
  }

  /** Joins, and gives the group that the ranks have found. */
  List<LoopbackGroup> joinObserved() throws Exception {
    join();
    return List.copyOf(groups);
  }

  Object initTrainer() {
    trainer.initTransferEngine(info);
    return trainer;
  }

  Object initWorker(int worker) {
    workers.get(worker).initTransferEngine(info);
    return workers.get(worker);
  }

  <T> Future<T> start(Callable<T> work) {
    return threads.submit(work);
  }

  static void awaitAll(List<? extends Future<?>> all) throws Exception {
    for (Future<?> each : all) {
      result(each);
    }
  }

  /** The result, or what the work threw. */
  static <T> T result(Future<T> future) throws Exception {
    try {
      return future.get(60, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw e;
    }
  }

  @Override
  public void close() {
    workers.forEach(WeightTransferEngine::close);
    trainer.close();
    threads.shutdownNow();
  }
}
