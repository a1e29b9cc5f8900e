package dev.weightcast.spi.collective;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.DeviceContext;
import dev.weightcast.api.EngineState;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.Packing;
import dev.weightcast.api.ParallelConfig;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TransferPhase;
import dev.weightcast.api.TransferReport;
import dev.weightcast.api.WeightLoader;
import dev.weightcast.api.WeightTransferEngine;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Receives buckets from the root into the ring, and hands their slices to the loader. */
final class CollectiveWorkerEngine
    implements WeightTransferEngine<BroadcastInitInfo, BroadcastUpdateInfo> {

  private final CollectiveEngine engine;
  private final ParallelConfig parallel;

  CollectiveWorkerEngine(CollectiveEngine engine, ParallelConfig parallel) {
    this.engine = engine;
    this.parallel = parallel;
  }

  @Override
  public Class<BroadcastInitInfo> initInfoType() {
    return BroadcastInitInfo.class;
  }

  @Override
  public Class<BroadcastUpdateInfo> updateInfoType() {
    return BroadcastUpdateInfo.class;
  }

  @Override
  public BroadcastInitInfo parseInitInfo(Map<String, ?> map) {
    return BroadcastInitInfo.fromMap(map);
  }

  @Override
  public BroadcastUpdateInfo parseUpdateInfo(Map<String, ?> map) {
    return BroadcastUpdateInfo.fromMap(map);
  }

  @Override
  public EngineState state() {
    return engine.state();
  }

  @Override
  public DeviceContext deviceContext() {
    return engine.runtime();
  }

  @Override
  public void initTransferEngine(BroadcastInitInfo info) {
    int rank = parallel.rankIn(info);
    if (rank == engine.root()) {
      throw new InvalidInfoException(
          "this worker's rank is "
              + rank
              + ", and that is the root, the trainer's rank; is rank_offset right?");
    }
    engine.init(new ProcessGroup(rank, info));
  }

  @Override
  public void startWeightUpdate() {
    engine.step(EngineLifecycle.Operation.START);
  }

  @Override
  public void finishWeightUpdate() {
    engine.step(EngineLifecycle.Operation.FINISH);
  }

  @Override
  public TransferReport receiveWeights(BroadcastUpdateInfo info, WeightLoader loader) {
    return engine.perform(
        EngineLifecycle.Operation.RECEIVE,
        TransferPhase.PLAN,
        progress -> receive(info, loader, progress));
  }

  private TransferReport receive(
      BroadcastUpdateInfo info, WeightLoader loader, OperationProgress progress)
      throws InterruptedException {
    Packing packing = info.packing().orElse(engine.group().info().packing());
    BucketPlan plan = BucketPlan.of(info.specs(), packing);
    engine.prepare(plan, packing, progress);
    engine.ring().reserve(plan.largestBucketBytes());
    for (Bucket bucket : plan.buckets()) {
      PackedBuffer slot = engine.claim(bucket, progress, plan);
      slot.begin(slot.stream());
      if (bucket.byteSize() > 0) {
        engine
            .communicator()
            .broadcast(
                slot.memory(),
                0,
                bucket.elementCount(),
                bucket.elementType(),
                engine.root(),
                slot.stream());
      }
      load(loader, bucket, slot, progress);
      slot.launched(bucket);
    }
    return engine.drain(plan, progress, info.specs().size());
  }

  private void load(
      WeightLoader loader, Bucket bucket, PackedBuffer slot, OperationProgress progress) {
    List<Tensor> views = new ArrayList<>(bucket.specs().size());
    long offset = 0;
    for (TensorSpec spec : bucket.specs()) {
      views.add(new Tensor(spec, slot.memory(), offset));
      offset += spec.byteSize();
    }
    try {
      loader.load(views, slot.stream(), progress.deadline());
    } catch (Exception e) { // also checked ones: not every loader is written in Java
      throw progress.thrownBy("the loader", e, engine.missingRanks());
    }
  }

  @Override
  public void close() {
    engine.close();
  }
}
