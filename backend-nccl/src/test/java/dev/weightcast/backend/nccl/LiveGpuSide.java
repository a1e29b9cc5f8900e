package dev.weightcast.backend.nccl;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.CopyingWeightLoader;
import dev.weightcast.api.DataType;
import dev.weightcast.api.Deadline;
import dev.weightcast.api.Device;
import dev.weightcast.api.DeviceBuffer;
import dev.weightcast.api.DeviceStream;
import dev.weightcast.api.Packing;
import dev.weightcast.api.SendOptions;
import dev.weightcast.api.Shape;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TrainerWeightTransferEngine;
import dev.weightcast.api.TransferListener;
import dev.weightcast.api.TransferProgress;
import dev.weightcast.api.UniqueId;
import dev.weightcast.api.WeightSource;
import dev.weightcast.api.WeightTransferConfig;
import dev.weightcast.api.WeightTransferEngine;
import dev.weightcast.core.WeightTransfer;
import dev.weightcast.spi.collective.Communicator;
import dev.weightcast.spi.collective.ProcessGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;

/** A trainer or a worker on the device. */
final class LiveGpuSide implements LiveSide {

  private static final int TENSORS = 24;
  private static final long BYTES = 32L << 20;

  private final TrainerWeightTransferEngine<BroadcastInitInfo> trainer;
  private final WeightTransferEngine<BroadcastInitInfo, BroadcastUpdateInfo> worker;
  private final List<TensorSpec> specs = new ArrayList<>();
  private final LiveModel model;
  private List<Integer> acknowledged = List.of();
  private Packing packing = Packing.packed(64 << 20, 2);

  LiveGpuSide(boolean isTrainer, Duration timeout, Consumer<String> marks) {
    for (int i = 0; i < TENSORS; i++) {
      specs.add(new TensorSpec("t" + i, DataType.BFLOAT16, Shape.of(BYTES / 2)));
    }
    WeightTransferConfig config =
        WeightTransferConfig.defaults()
            .withTimeout(timeout)
            .withListener(
                new TransferListener() {
                  @Override
                  public void progressed(TransferProgress progress) {
                    marks.accept("B " + progress.bucketsDone() + " " + progress.buckets());
                  }
                });
    WeightTransfer transfer = WeightTransfer.builder().backend("nccl").config(config).build();
    trainer = isTrainer ? transfer.broadcastTrainer() : null;
    worker = isTrainer ? null : transfer.broadcastWorker();
    model = new LiveModel(isTrainer ? trainer.deviceContext() : worker.deviceContext(), specs);
    if (isTrainer) {
      model.fill();
    }
    loadEverything();
  }

  /** A group of one, so that what NCCL does once in a process is done. */
  private static void loadEverything() {
    NcclNatives natives = NcclNatives.load(new JavacppLoader(), System.getProperties());
    NcclCommunicatorFactory factory =
        new NcclCommunicatorFactory(natives.nccl(), natives.version(), new StoreOrIdMeetingPlace());
    ProcessGroup alone =
        new ProcessGroup(0, BroadcastInitInfo.ofUniqueId(factory.createUniqueId(), 1));
    Deadline deadline = Deadline.after(Duration.ofSeconds(60));
    try (CudaRuntime runtime = CudaRuntime.open(natives.cuda(), Device.cuda(0));
        DeviceBuffer buffer = runtime.allocate("alone", 1 << 20);
        DeviceStream stream = runtime.createStream("alone");
        Communicator communicator = factory.join(alone, runtime, deadline)) {
      communicator.allReduceSum(buffer, 0, 1, DataType.FLOAT32, stream);
      communicator.broadcast(buffer, 0, 1 << 20, DataType.UINT8, 0, stream);
      stream.synchronize(deadline);
    }
  }

  @Override
  public String newId() {
    return HexFormat.of().formatHex(trainer.createUniqueId().toByteArray());
  }

  @Override
  public void init(String place, int worldSize) {
    BroadcastInitInfo meeting =
        place.length() == 2 * UniqueId.BYTES
            ? BroadcastInitInfo.ofUniqueId(UniqueId.of(HexFormat.of().parseHex(place)), worldSize)
            : BroadcastInitInfo.ofStore("127.0.0.1", Integer.parseInt(place), worldSize);
    BroadcastInitInfo info = meeting.withRankOffset(1);
    if (trainer != null) {
      trainer.initTransferEngine(info.withPacking(packing));
    } else {
      worker.initTransferEngine(info.withPacking(packing));
    }
  }

  @Override
  public void transfer(Packing how, String variant) {
    packing = how;
    if (trainer != null) {
      WeightSource source = WeightSource.of(model.tensors());
      acknowledged =
          trainer.sendWeights(source, SendOptions.defaults().withPacking(how)).acknowledged();
      return;
    }
    model.clear();
    worker.startWeightUpdate();
    List<Tensor> into = new ArrayList<>(model.tensors());
    if (variant.equals("missing")) {
      into.remove(7);
    } else if (variant.equals("dtype")) {
      Tensor right = into.get(5);
      TensorSpec wrong = new TensorSpec(right.name(), DataType.FLOAT16, right.spec().shape());
      into.set(5, new Tensor(wrong, right.memory(), right.byteOffset()));
    }
    worker.receiveWeights(
        BroadcastUpdateInfo.of(into.stream().map(Tensor::spec).toList()).withPacking(how),
        CopyingWeightLoader.into(into));
    worker.finishWeightUpdate();
    long wrong = model.differences();
    if (wrong != 0) {
      throw new IllegalStateException(wrong + " WRONG bytes");
    }
  }

  @Override
  public List<Integer> acknowledged() {
    return acknowledged;
  }

  @Override
  public long usedBytes() {
    long[] memory = new long[2];
    int status = new JavacppCudaLibrary().memoryInfo(0, memory);
    return status == 0 ? memory[1] - memory[0] : -1;
  }

  @Override
  public void close() {
    if (trainer != null) {
      model.close();
      trainer.close();
    } else {
      model.close();
      worker.close();
    }
  }
}
