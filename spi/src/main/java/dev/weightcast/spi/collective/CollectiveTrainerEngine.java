package dev.weightcast.spi.collective;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.DeviceContext;
import dev.weightcast.api.DeviceStream;
import dev.weightcast.api.EngineState;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.Packing;
import dev.weightcast.api.SendOptions;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TrainerWeightTransferEngine;
import dev.weightcast.api.TransferReport;
import dev.weightcast.api.UniqueId;
import dev.weightcast.api.WeightPass;
import dev.weightcast.api.WeightSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;

/** Sends a source's tensors from the root, bucket by bucket. */
final class CollectiveTrainerEngine implements TrainerWeightTransferEngine<BroadcastInitInfo> {

  private final CollectiveEngine engine;

  CollectiveTrainerEngine(CollectiveEngine engine) {
    this.engine = engine;
  }

  @Override
  public Class<BroadcastInitInfo> initInfoType() {
    return BroadcastInitInfo.class;
  }

  @Override
  public BroadcastInitInfo parseInitInfo(Map<String, ?> map) {
    return BroadcastInitInfo.fromMap(map);
  }

  @Override
  public UniqueId createUniqueId() {
    return engine.factory().createUniqueId();
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
    engine.init(new ProcessGroup(engine.root(), info));
  }

  @Override
  public TransferReport sendWeights(WeightSource source, SendOptions options) {
    options.stream().ifPresent(this::checkDevice);
    return engine.transfer(
        EngineLifecycle.Operation.SEND, progress -> send(source, options, progress));
  }

  private TransferReport send(WeightSource source, SendOptions options, OperationProgress progress)
      throws InterruptedException {
    WeightSource mapped = options.mapping().map(source::map).orElse(source);
    List<TensorSpec> specs = ask(() -> List.copyOf(mapped.specs()), progress);
    Packing packing = options.packing().orElse(engine.membership().group().info().packing());
    BucketPlan plan = BucketPlan.of(specs, packing);
    engine.prepare(plan, packing, progress);
    BucketSender sender =
        packing.packed()
            ? new PackedSender(engine)
            : new UnpackedSender(engine, plan, options.stream());
    sender.prepare(plan);
    engine.agree(packing, specs, options.version(), progress);
    WeightPass pass = ask(() -> Objects.requireNonNull(mapped.open(), "no pass"), progress);
    try {
      CheckedPass checked = new CheckedPass(engine, pass, specs);
      for (Bucket bucket : plan.buckets()) {
        PackedBuffer slot = engine.claim(bucket, progress, plan);
        sender.send(bucket, checked.take(bucket, slot, progress), slot);
      }
      checked.finish(progress);
      engine.drain(plan, progress);
    } catch (Exception e) {
      RuntimeException told = engine.told(e, progress);
      engine.abandon(told); // before the pass closes what is still being read
      throw told;
    } catch (Error e) {
      engine.abandon(e);
      throw e;
    } finally {
      pass.close();
    }
    List<Integer> acknowledged = engine.awaitAcknowledgements(progress);
    return new TransferReport(
        specs.size(),
        plan.byteSize(),
        plan.buckets().size(),
        engine.ring().byteSize(),
        progress.deadline().elapsed(),
        options.version(),
        acknowledged,
        engine.membership().foreignWorkers());
  }

  private <T> T ask(Supplier<T> question, OperationProgress progress) {
    try {
      return question.get();
    } catch (InvalidInfoException e) {
      throw e;
    } catch (Exception e) { // also checked ones: not every source is written in Java
      throw engine.thrownBy("the source", e, progress);
    }
  }

  private void checkDevice(DeviceStream stream) {
    if (!stream.device().equals(engine.runtime().device())) {
      throw new InvalidInfoException(
          "the stream of this send is on "
              + stream.device()
              + ", the trainer is on "
              + engine.runtime().device());
    }
  }

  @Override
  public void close() {
    engine.close();
  }
}
