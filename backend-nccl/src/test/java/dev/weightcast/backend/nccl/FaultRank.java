package dev.weightcast.backend.nccl;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.CopyingWeightLoader;
import dev.weightcast.api.DataType;
import dev.weightcast.api.Device;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.Packing;
import dev.weightcast.api.ParallelConfig;
import dev.weightcast.api.Shape;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TrainerWeightTransferEngine;
import dev.weightcast.api.WeightLoader;
import dev.weightcast.api.WeightSource;
import dev.weightcast.api.WeightTransferConfig;
import dev.weightcast.api.WeightTransferEngine;
import dev.weightcast.spi.BackendContext;
import dev.weightcast.spi.collective.CollectiveEngines;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A trainer or a worker over the real store and the wire of sockets; the same engine throughout.
 */
final class FaultRank implements AutoCloseable {

  static final int TENSORS = 6;
  private static final int BYTES = 256 << 10;

  private final FakeCuda cuda = new FakeCuda();
  private final SocketWire wire;
  private final Gate gate;
  private final List<TensorSpec> specs = new ArrayList<>();
  private final List<Tensor> tensors = new ArrayList<>();
  private final TrainerWeightTransferEngine<BroadcastInitInfo> trainer;
  private final WeightTransferEngine<BroadcastInitInfo, BroadcastUpdateInfo> worker;

  FaultRank(boolean isTrainer, Duration timeout, Gate gate) {
    this(isTrainer, WeightTransferConfig.defaults().withTimeout(timeout), gate);
  }

  FaultRank(boolean isTrainer, WeightTransferConfig config, Gate gate) {
    this.gate = gate;
    this.wire = new SocketWire(cuda, gate);
    for (int i = 0; i < TENSORS; i++) {
      TensorSpec spec = new TensorSpec("t" + i, DataType.FLOAT32, Shape.of(BYTES / 4));
      specs.add(spec);
      tensors.add(Tensor.of(spec, HostMemory.allocate(BYTES)));
    }
    BackendContext context = new BackendContext(config, ParallelConfig.SINGLE);
    CudaRuntime runtime = CudaRuntime.open(cuda, Device.cuda(0), 2, BYTES);
    GatedFactory factory =
        new GatedFactory(
            new NcclCommunicatorFactory(wire, new NcclVersion(22809), new StoreOrIdMeetingPlace()),
            wire,
            gate);
    trainer = isTrainer ? CollectiveEngines.trainer("nccl", factory, runtime, context) : null;
    worker = isTrainer ? null : CollectiveEngines.worker("nccl", factory, runtime, context);
    if (isTrainer) {
      tensors.forEach(tensor -> LiveContent.fill(tensor.spec(), 0, bytes(tensor)));
    }
  }

  private static ByteBuffer bytes(Tensor tensor) {
    return ((HostMemory) tensor.memory()).buffers(0, BYTES).get(0);
  }

  void init(int port, int worldSize) {
    init(port, worldSize, new Packing(false, 1, 2));
  }

  void init(int port, int worldSize, Packing packing) {
    BroadcastInitInfo info =
        BroadcastInitInfo.ofStore("127.0.0.1", port, worldSize)
            .withRankOffset(1)
            .withPacking(packing);
    wire.begin(0);
    if (trainer != null) {
      trainer.initTransferEngine(info);
    } else {
      worker.initTransferEngine(info);
    }
  }

  /** The tensors, which the trainer sends and a worker fills. */
  List<Tensor> tensors() {
    return List.copyOf(tensors);
  }

  List<TensorSpec> specs() {
    return List.copyOf(specs);
  }

  FakeCuda cuda() {
    return cuda;
  }

  SocketWire wire() {
    return wire;
  }

  /** One transfer; a worker looks at every byte. */
  void transfer() {
    if (trainer != null) {
      send(WeightSource.of(tensors));
    } else {
      receive(specs, CopyingWeightLoader.into(tensors));
    }
  }

  void send(WeightSource source) {
    wire.begin(TENSORS);
    trainer.sendWeights(source);
    gate.at("finish");
  }

  void receive(List<TensorSpec> announced, WeightLoader loader) {
    wire.begin(TENSORS);
    for (Tensor tensor : tensors) {
      bytes(tensor).put(new byte[BYTES]);
    }
    worker.startWeightUpdate();
    worker.receiveWeights(BroadcastUpdateInfo.of(announced), loader);
    gate.at("finish");
    worker.finishWeightUpdate();
    for (Tensor tensor : tensors) {
      if (LiveContent.differences(tensor.spec(), 0, bytes(tensor)) != 0) {
        throw new IllegalStateException("wrong bytes in " + tensor.name());
      }
    }
  }

  /** What is left open on the device. */
  int open() {
    return cuda.open();
  }

  @Override
  public void close() {
    if (trainer != null) {
      trainer.close();
    } else {
      worker.close();
    }
    wire.close();
  }
}
