package dev.weightcast.backend.nccl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.CopyingWeightLoader;
import dev.weightcast.api.Device;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.Packing;
import dev.weightcast.api.ParallelConfig;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TrainerWeightTransferEngine;
import dev.weightcast.api.UniqueId;
import dev.weightcast.api.WeightSource;
import dev.weightcast.api.WeightTransferConfig;
import dev.weightcast.api.WeightTransferEngine;
import dev.weightcast.spi.BackendContext;
import dev.weightcast.spi.collective.CollectiveEngines;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Both finished engines on this backend, with nothing native under it: from host memory through
 * pinned memory, the ring and the wire into host memory, on rings smaller than the tensors.
 */
class EnginesOnFakesTest {

  private static final int BLOCK = 4096;

  private final FakeWire wire = new FakeWire();
  private final FakeCuda trainersCuda = new FakeCuda();
  private final FakeCuda workersCuda = new FakeCuda();
  private final List<TensorSpec> specs =
      LiveLists.named("small").stream().filter(spec -> spec.byteSize() < 1 << 20).toList();

  private final WeightTransferConfig config =
      WeightTransferConfig.defaults().withTimeout(Duration.ofSeconds(30));

  private NcclCommunicatorFactory factory(FakeCuda cuda) {
    return new NcclCommunicatorFactory(
        new FakeWire.RankOnWire(wire, cuda), new NcclVersion(22809), new StoreOrIdMeetingPlace());
  }

  private static CudaRuntime runtime(FakeCuda cuda) {
    return CudaRuntime.open(cuda, Device.cuda(0), 2, BLOCK);
  }

  private List<Tensor> onTheHost(boolean filled) {
    List<Tensor> tensors = new ArrayList<>();
    for (TensorSpec spec : specs) {
      HostMemory memory = HostMemory.allocate(spec.byteSize());
      if (filled && spec.byteSize() > 0) {
        LiveContent.fill(spec, 0, memory.buffers(0, spec.byteSize()).get(0));
      }
      tensors.add(Tensor.of(spec, memory));
    }
    return tensors;
  }

  private static Packing packing(long bufferBytes, int buffers) {
    return bufferBytes == 0 ? new Packing(false, 1, buffers) : Packing.packed(bufferBytes, buffers);
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "0, 2", "20000, 1", "20000, 2", "100000, 3", "100000000, 2"})
  void everyByteOfEveryTypeArrives(long bufferBytes, int buffers) throws Exception {
    byte[] id = new byte[UniqueId.BYTES];
    id[0] = 7;
    BroadcastInitInfo info = BroadcastInitInfo.ofUniqueId(UniqueId.of(id), 2);
    transfer(info.withPacking(packing(bufferBytes, buffers)), config);
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "0, 2", "20000, 1", "20000, 2", "100000, 3", "100000000, 2"})
  void everyByteOfEveryTypeIsChecked(long bufferBytes, int buffers) throws Exception {
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    BroadcastInitInfo info = BroadcastInitInfo.ofStore("127.0.0.1", port, 2);
    transfer(info.withPacking(packing(bufferBytes, buffers)), config.withChecksums(true));
    assertThat(trainersCuda.bytesIntoPinned())
        .isEqualTo(specs.stream().mapToLong(TensorSpec::byteSize).sum());
  }

  private void transfer(BroadcastInitInfo where, WeightTransferConfig how) throws Exception {
    BroadcastInitInfo info = where.withRankOffset(1);
    BackendContext context = new BackendContext(how, ParallelConfig.SINGLE);
    List<Tensor> received = onTheHost(false);
    CompletableFuture<Void> worker =
        CompletableFuture.runAsync(
            () -> {
              try (WeightTransferEngine<BroadcastInitInfo, BroadcastUpdateInfo> engine =
                  CollectiveEngines.worker(
                      "nccl", factory(workersCuda), runtime(workersCuda), context)) {
                engine.initTransferEngine(info);
                engine.startWeightUpdate();
                engine.receiveWeights(
                    BroadcastUpdateInfo.of(specs), CopyingWeightLoader.into(received));
                engine.finishWeightUpdate();
              }
            },
            OwnThread.EACH);
    try (TrainerWeightTransferEngine<BroadcastInitInfo> engine =
        CollectiveEngines.trainer("nccl", factory(trainersCuda), runtime(trainersCuda), context)) {
      engine.initTransferEngine(info);
      engine.sendWeights(WeightSource.of(onTheHost(true)));
    }
    worker.get(60, TimeUnit.SECONDS);
    for (Tensor tensor : received) {
      for (ByteBuffer bytes : ((HostMemory) tensor.memory()).buffers(0, tensor.byteSize())) {
        assertThat(LiveContent.differences(tensor.spec(), 0, bytes)).as(tensor.name()).isZero();
      }
    }
    assertThat(trainersCuda.open()).as("left open by the trainer").isZero();
    assertThat(workersCuda.open()).as("left open by the worker").isZero();
  }
}
