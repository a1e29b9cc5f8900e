package dev.weightcast.backend.nccl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.ChecksumMismatchException;
import dev.weightcast.api.CopyingWeightLoader;
import dev.weightcast.api.Device;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.Packing;
import dev.weightcast.api.ParallelConfig;
import dev.weightcast.api.RankFailedException;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TrainerWeightTransferEngine;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferMismatchException;
import dev.weightcast.api.TransferReport;
import dev.weightcast.api.UniqueId;
import dev.weightcast.api.WeightSource;
import dev.weightcast.api.WeightTransferConfig;
import dev.weightcast.api.WeightTransferEngine;
import dev.weightcast.spi.BackendContext;
import dev.weightcast.spi.collective.CollectiveEngines;
import dev.weightcast.spi.collective.ProcessGroup;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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

  private BackendContext context =
      new BackendContext(
          WeightTransferConfig.defaults().withTimeout(Duration.ofSeconds(30)),
          ParallelConfig.SINGLE);

  private final LocalGroup.Registry trainersProcess = new LocalGroup.Registry();
  private LocalGroup.Registry workersProcess = new LocalGroup.Registry();

  private NcclCommunicatorFactory factory(FakeCuda cuda) {
    return new NcclCommunicatorFactory(
        new FakeWire.RankOnWire(wire, cuda),
        new NcclVersion(22809),
        new StoreOrIdMeetingPlace(cuda == trainersCuda ? trainersProcess : workersProcess));
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

  private BroadcastInitInfo info(Packing packing) {
    byte[] id = new byte[UniqueId.BYTES];
    id[0] = 7;
    return BroadcastInitInfo.ofUniqueId(UniqueId.of(id), 2).withRankOffset(1).withPacking(packing);
  }

  private CompletableFuture<Void> receiving(
      BroadcastInitInfo info, BroadcastUpdateInfo update, List<Tensor> received) {
    return CompletableFuture.runAsync(
        () -> {
          try (WeightTransferEngine<BroadcastInitInfo, BroadcastUpdateInfo> engine =
              CollectiveEngines.worker(
                  "nccl", factory(workersCuda), runtime(workersCuda), context)) {
            engine.initTransferEngine(info);
            engine.startWeightUpdate();
            engine.receiveWeights(update, CopyingWeightLoader.into(received));
            engine.finishWeightUpdate();
          }
        },
        OwnThread.EACH);
  }

  private TransferReport send(BroadcastInitInfo info) {
    try (TrainerWeightTransferEngine<BroadcastInitInfo> engine =
        CollectiveEngines.trainer("nccl", factory(trainersCuda), runtime(trainersCuda), context)) {
      engine.initTransferEngine(info);
      return engine.sendWeights(WeightSource.of(onTheHost(true)));
    }
  }

  @AfterEach
  void nothingIsLeft() throws Exception {
    assertThat(trainersCuda.open()).as("left open by the trainer").isZero();
    assertThat(workersCuda.open()).as("left open by the worker").isZero();
    assertThat(ThreadsLeft.after(Duration.ofSeconds(5))).isEmpty();
    assertThat(trainersProcess.size() + workersProcess.size()).as("groups").isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "0, 1, false, false",
    "0, 2, true, true",
    "20000, 1, false, true",
    "20000, 2, true, false",
    "100000, 3, false, false",
    "100000000, 2, true, true"
  })
  void everyByteOfEveryTypeArrives(
      long bufferBytes, int buffers, boolean checksums, boolean oneProcess) throws Exception {
    Packing packing =
        bufferBytes == 0 ? new Packing(false, 1, buffers) : Packing.packed(bufferBytes, buffers);
    withChecksums(checksums, 30);
    workersProcess = oneProcess ? trainersProcess : workersProcess;
    BroadcastInitInfo info = info(packing);
    List<Tensor> received = onTheHost(false);
    CompletableFuture<Void> worker = receiving(info, BroadcastUpdateInfo.of(specs), received);
    TransferReport report = send(info);
    worker.get(60, TimeUnit.SECONDS);
    assertThat(report.acknowledged()).containsExactly(1); // by collectives, or in the process
    for (Tensor tensor : received) {
      for (ByteBuffer bytes : ((HostMemory) tensor.memory()).buffers(0, tensor.byteSize())) {
        assertThat(LiveContent.differences(tensor.spec(), 0, bytes)).as(tensor.name()).isZero();
      }
    }
  }

  private void withChecksums(boolean checked, int timeoutSeconds) {
    context =
        new BackendContext(
            WeightTransferConfig.defaults()
                .withTimeout(Duration.ofSeconds(timeoutSeconds))
                .withChecksums(checked),
            ParallelConfig.SINGLE);
  }

  /** Behind the warm-up and a note of each rank comes the first bucket. */
  @ParameterizedTest
  @ValueSource(longs = {0, 20_000, 100_000_000})
  void aBitThatFlipsOnTheWayIsFound(long bufferBytes) throws Exception {
    wire.flip(3);
    withChecksums(true, 3);
    Packing packing = bufferBytes == 0 ? new Packing(false, 1, 2) : Packing.packed(bufferBytes, 2);
    BroadcastInitInfo info = info(packing);
    CompletableFuture<Void> worker =
        receiving(info, BroadcastUpdateInfo.of(specs), onTheHost(false));
    // The wire does not tell the trainer that the worker has gone: the deadline would.
    CompletableFuture<TransferReport> trainer =
        CompletableFuture.supplyAsync(() -> send(info), OwnThread.EACH);
    assertThatThrownBy(() -> worker.get(60, TimeUnit.SECONDS))
        .hasCauseInstanceOf(ChecksumMismatchException.class)
        .hasMessageContaining("bucket 1 of");
    assertThatThrownBy(() -> trainer.get(60, TimeUnit.SECONDS))
        .hasCauseInstanceOf(TransferException.class);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aWorkerThatWasToldOtherTensorsIsRefusedInWords(boolean oneProcess) throws Exception {
    workersProcess = oneProcess ? trainersProcess : workersProcess;
    List<TensorSpec> told = new ArrayList<>(specs);
    told.remove(2);
    BroadcastInitInfo info = info(Packing.packed(20_000, 2));
    CompletableFuture<Void> worker =
        receiving(info, BroadcastUpdateInfo.of(told), onTheHost(false));
    String difference = "rank 1 differs from rank 0, the root: tensor 3 differs";
    assertThatThrownBy(() -> send(info))
        .isInstanceOf(TransferMismatchException.class)
        .hasMessageContaining(difference);
    assertThatThrownBy(() -> worker.get(60, TimeUnit.SECONDS))
        .hasCauseInstanceOf(TransferMismatchException.class)
        .hasMessageContaining(difference);
  }

  /** Though the wire says nothing, and the deadline is half a minute away. */
  @Test
  void inOneProcessAFailureIsToldAtOnceAndInWords() throws Exception {
    workersProcess = trainersProcess;
    wire.flip(1);
    withChecksums(true, 30);
    BroadcastInitInfo info = info(Packing.packed(20_000, 2));
    CompletableFuture<Void> worker =
        receiving(info, BroadcastUpdateInfo.of(specs), onTheHost(false));
    assertThatThrownBy(() -> send(info))
        .isInstanceOf(RankFailedException.class)
        .hasMessageContaining("rank 1 has left the group: receiveWeights failed: bucket 1 of");
    assertThatThrownBy(() -> worker.get(60, TimeUnit.SECONDS))
        .hasCauseInstanceOf(ChecksumMismatchException.class);
  }

  @Test
  void aRankThatIsTherePlaysItsPartOnce() {
    BroadcastInitInfo info = info(Packing.packed(20_000, 2));
    LocalGroup group = trainersProcess.join(info.uniqueId().orElseThrow(), member(info));
    assertThatThrownBy(() -> send(info))
        .isInstanceOf(InvalidInfoException.class)
        .hasMessageContaining("is in this group already, by another engine of this process");
    group.leave(0);
  }

  private static ProcessGroup member(BroadcastInitInfo info) {
    return new ProcessGroup(0, info);
  }
}
