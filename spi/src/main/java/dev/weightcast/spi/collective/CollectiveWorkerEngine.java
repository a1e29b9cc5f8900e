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
import dev.weightcast.api.TransferReport;
import dev.weightcast.api.WeightLoader;
import dev.weightcast.api.WeightStatus;
import dev.weightcast.api.WeightTransferEngine;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Receives buckets from the root into the ring, and hands their slices to the loader. */
final class CollectiveWorkerEngine
    implements WeightTransferEngine<BroadcastInitInfo, BroadcastUpdateInfo> {

  private final CollectiveEngine engine;
  private final ParallelConfig parallel;
  private final WeightLedger ledger = new WeightLedger();

  CollectiveWorkerEngine(CollectiveEngine engine, ParallelConfig parallel) {
    this.engine = engine;
    this.parallel = parallel;
    engine.onFailure(ledger::fail);
    engine.onDrained(ledger::loaded);
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
    engine.step(EngineLifecycle.Operation.START, ledger::start);
  }

  @Override
  public void finishWeightUpdate() {
    engine.step(EngineLifecycle.Operation.FINISH, () -> ledger.finish(null));
  }

  @Override
  public void finishWeightUpdate(String version) {
    WeightStatus.checkVersion(version);
    engine.step(EngineLifecycle.Operation.FINISH, () -> ledger.finish(version));
  }

  @Override
  public WeightStatus weightStatus() {
    return ledger.status();
  }

  @Override
  public TransferReport receiveWeights(BroadcastUpdateInfo info, WeightLoader loader) {
    return engine.transfer(
        EngineLifecycle.Operation.RECEIVE, progress -> receive(info, loader, progress));
  }

  private TransferReport receive(
      BroadcastUpdateInfo info, WeightLoader loader, OperationProgress progress)
      throws InterruptedException {
    List<TensorSpec> specs = info.specs();
    Packing packing = info.packing().orElse(engine.membership().group().info().packing());
    BucketPlan plan = BucketPlan.of(specs, packing);
    ledger.expect(specs.size(), plan.byteSize());
    engine.prepare(plan, packing, progress);
    engine.ring().reserve(plan.largestBucketBytes());
    Optional<String> version = engine.agree(packing, specs, Optional.empty(), progress);
    version.ifPresent(ledger::announced);
    for (Bucket bucket : plan.buckets()) {
      PackedBuffer slot = engine.claim(bucket, progress, plan);
      slot.begin(slot.stream());
      if (bucket.byteSize() > 0) {
        engine
            .membership()
            .communicator()
            .broadcast(
                slot.memory(),
                0,
                bucket.elementCount(),
                bucket.elementType(),
                engine.root(),
                slot.stream());
      }
      ledger.handing(bucket);
      load(loader, bucket, slot, progress);
      slot.launched(bucket);
    }
    engine.drain(plan, progress);
    engine.acknowledge(progress);
    return new TransferReport(
        specs.size(),
        plan.byteSize(),
        plan.buckets().size(),
        engine.ring().byteSize(),
        progress.deadline().elapsed(),
        version,
        List.of(),
        List.of());
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
      throw engine.thrownBy("the loader", e, progress);
    }
  }

  @Override
  public void close() {
    engine.close();
    ledger.abandon("the engine was closed in the middle of the update");
  }
}
