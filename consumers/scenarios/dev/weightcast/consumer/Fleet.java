package dev.weightcast.consumer;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.CopyingWeightLoader;
import dev.weightcast.api.ParallelConfig;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TrainerWeightTransferEngine;
import dev.weightcast.api.TransferReport;
import dev.weightcast.api.WeightSource;
import dev.weightcast.api.WeightTransferEngine;
import dev.weightcast.core.WeightTransfer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** A trainer and some workers, made by name, configured by maps as a control plane would. */
final class Fleet implements AutoCloseable {

  final TrainerWeightTransferEngine<BroadcastInitInfo> trainer;
  final List<WeightTransferEngine<BroadcastInitInfo, BroadcastUpdateInfo>> workers =
      new ArrayList<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();

  Fleet(int workerCount) {
    trainer = WeightTransfer.builder().backend("loopback").build().broadcastTrainer();
    for (int i = 0; i < workerCount; i++) {
      workers.add(
          WeightTransfer.builder()
              .backend("loopback")
              .parallel(new ParallelConfig(i, 1, 1, 0))
              .build()
              .broadcastWorker());
    }
  }

  /** All ranks meet, with what the map says beyond how to find each other. */
  void join(Map<String, Object> more) throws Exception {
    Map<String, Object> map = new TreeMap<>(more);
    map.put("nccl_unique_id_b64", trainer.createUniqueId().toBase64());
    map.put("world_size", workers.size() + 1);
    map.put("rank_offset", 1);
    List<Future<?>> all = new ArrayList<>();
    all.add(start(() -> trainer.initTransferEngine(trainer.parseInitInfo(map))));
    for (var worker : workers) {
      all.add(start(() -> worker.initTransferEngine(worker.parseInitInfo(map))));
    }
    for (Future<?> each : all) {
      result(each);
    }
  }

  /** One update; what each worker holds afterwards. */
  List<List<Tensor>> update(List<Tensor> weights) throws Exception {
    List<TensorSpec> specs = weights.stream().map(Tensor::spec).toList();
    Map<String, Object> info = BroadcastUpdateInfo.of(specs).toMap();
    Future<TransferReport> sent =
        threads.submit(() -> trainer.sendWeights(WeightSource.of(weights)));
    List<Future<List<Tensor>>> received = new ArrayList<>();
    for (var worker : workers) {
      received.add(threads.submit((Callable<List<Tensor>>) () -> receive(worker, info, specs)));
    }
    List<List<Tensor>> held = new ArrayList<>();
    for (Future<List<Tensor>> each : received) {
      held.add(result(each));
    }
    result(sent);
    return held;
  }

  private static List<Tensor> receive(
      WeightTransferEngine<?, BroadcastUpdateInfo> worker,
      Map<String, Object> info,
      List<TensorSpec> specs) {
    List<Tensor> destinations = Weights.blank(specs);
    worker.startWeightUpdate();
    worker.receiveWeights(worker.parseUpdateInfo(info), CopyingWeightLoader.into(destinations));
    worker.finishWeightUpdate();
    return destinations;
  }

  private Future<?> start(Runnable work) {
    return threads.submit(work);
  }

  private static <T> T result(Future<T> future) throws Exception {
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
