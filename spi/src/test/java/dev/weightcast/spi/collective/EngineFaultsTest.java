package dev.weightcast.spi.collective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.DataType;
import dev.weightcast.api.Deadline;
import dev.weightcast.api.EngineState;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.Packing;
import dev.weightcast.api.ParallelConfig;
import dev.weightcast.api.Shape;
import dev.weightcast.api.SourceTensor;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorMapping;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TrainerWeightTransferEngine;
import dev.weightcast.api.TransferAbortedException;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferPhase;
import dev.weightcast.api.TransferTimeoutException;
import dev.weightcast.api.WeightLoader;
import dev.weightcast.api.WeightPass;
import dev.weightcast.api.WeightSource;
import dev.weightcast.api.WeightTransferConfig;
import dev.weightcast.api.WeightTransferEngine;
import dev.weightcast.api.WeightTransferException;
import dev.weightcast.spi.BackendContext;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Engines on a device that runs when it is told to, and on a group that fails when it is told to.
 */
class EngineFaultsTest {

  private static final WeightTransferConfig CONFIG =
      WeightTransferConfig.defaults().withTimeout(Duration.ofSeconds(10));

  private final ManualRuntime runtime = new ManualRuntime();
  private final List<TensorSpec> specs = List.of(spec("a"), spec("b"), spec("c"));
  private final AtomicInteger released = new AtomicInteger();

  @Test
  void aSourceTensorIsNotReleasedWhileACopyOfABucketThatFailedHalfwayStillReadsIt() {
    ManualCommunicator group =
        new ManualCommunicator() {
          @Override
          void onBroadcast() {
            throw new WeightTransferException("rank 1 has left");
          }
        };
    try (var trainer = trainer(group)) {
      runtime.hold();
      assertThatThrownBy(() -> trainer.sendWeights(source(tensor -> tensor)))
          .isInstanceOf(TransferException.class)
          .hasMessageContaining("rank 1 has left");
      assertThat(released).as("the copy into the slot has not run").hasValue(0);
      runtime.letGo();
      trainer.initTransferEngine(info());
      assertThat(released).hasValue(1);
    }
  }

  @Test
  void aPassIsNotClosedWhileACopyStillReadsWhatItYielded() {
    ManualCommunicator group =
        new ManualCommunicator() {
          @Override
          void onBroadcast() {
            throw new WeightTransferException("rank 1 has left");
          }
        };
    List<String> order = new ArrayList<>();
    WeightSource tensors = source(tensor -> tensor.withRelease(() -> order.add("released")));
    WeightSource mapped =
        new WeightSource() {
          @Override
          public List<TensorSpec> specs() {
            return tensors.specs();
          }

          @Override
          public WeightPass open() {
            WeightPass pass = tensors.open();
            return new WeightPass() {
              @Override
              public boolean hasNext() {
                return pass.hasNext();
              }

              @Override
              public SourceTensor next() {
                return pass.next();
              }

              @Override
              public void close() {
                order.add("closed");
              }
            };
          }
        };
    try (var trainer = trainer(group)) {
      runtime.hold();
      assertThatThrownBy(() -> trainer.sendWeights(mapped)).hasMessageContaining("rank 1 has left");
      assertThat(order).as("the copy into the slot has not run").isEmpty();
      runtime.letGo();
    }
    assertThat(order).containsExactly("released", "closed");
  }

  @Test
  void aSlotOfALoaderThatThrewIsNotUsedAgainBeforeWhatItEnqueuedHasRun() {
    try (var worker = worker(new ManualCommunicator(), CONFIG.withTimeout(Duration.ofSeconds(3)))) {
      worker.startWeightUpdate();
      runtime.hold();
      assertThatThrownBy(
              () ->
                  worker.receiveWeights(
                      BroadcastUpdateInfo.of(specs),
                      (weights, stream, deadline) -> {
                        stream.copy(List.of());
                        throw new IllegalStateException("no such layer");
                      }))
          .hasMessageContaining("no such layer");
      assertThatThrownBy(() -> worker.initTransferEngine(info()))
          .as("the loader's copy has not run")
          .isInstanceOf(TransferTimeoutException.class)
          .hasMessageContaining("rank 1 of 2 at nowhere:1 was in drain");
      runtime.letGo();
      worker.initTransferEngine(info());
      assertThat(worker.state()).isEqualTo(EngineState.READY);
    }
  }

  @Test
  void releasesThatThrowKeepNeitherTheOtherTensorsNorTheEngine() {
    UnaryOperator<SourceTensor> throwing =
        tensor ->
            tensor.withRelease(
                () -> {
                  throw new IllegalStateException("the pool is gone");
                });
    try (var trainer = trainer(new ManualCommunicator())) {
      assertThat(trainer.sendWeights(source(throwing)).tensors()).isEqualTo(3);
      assertThat(released).hasValue(3);
      assertThat(trainer.state()).isEqualTo(EngineState.READY);
    }
  }

  @Test
  void aSourceThatYieldsNullFailsTheSendAndNotTheEngine() {
    try (var trainer = trainer(new ManualCommunicator())) {
      assertThatThrownBy(() -> trainer.sendWeights(source(tensor -> null)))
          .isInstanceOf(TransferException.class)
          .hasMessageContaining("the source at 'a' uint8 [16]: it yielded null");
      assertThat(trainer.state()).isEqualTo(EngineState.FAILED);
      trainer.initTransferEngine(info());
      assertThat(trainer.sendWeights(source(tensor -> tensor)).tensors()).isEqualTo(3);
    }
  }

  @Test
  void anInterruptionThatComesTogetherWithCloseIsNotLost() {
    var worker = worker(new ManualCommunicator(), CONFIG);
    worker.startWeightUpdate();
    assertThatThrownBy(
            () ->
                worker.receiveWeights(
                    BroadcastUpdateInfo.of(specs),
                    (weights, stream, deadline) -> {
                      Thread.currentThread().interrupt();
                      worker.close();
                    }))
        .isInstanceOf(TransferAbortedException.class)
        .hasMessageContaining("the engine was closed by thread");
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void aJoinThatOnlyTheWatchdogEndsIsATimeout() {
    CountDownLatch never = new CountDownLatch(1);
    ManualCommunicator group =
        new ManualCommunicator() {
          @Override
          public Communicator join(ProcessGroup joining, DeviceRuntime device, Deadline deadline) {
            try {
              never.await();
              throw new AssertionError("nobody counts down");
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
              throw new TransferAbortedException(
                  "interrupted while joining", TransferPhase.RENDEZVOUS, 0, 0, e);
            }
          }
        };
    assertThatThrownBy(() -> worker(group, CONFIG.withTimeout(Duration.ofMillis(50))))
        .isInstanceOf(TransferTimeoutException.class)
        .hasMessageContaining("did not end within PT0.05S")
        .hasMessageContaining("interrupted while joining");
    assertThat(Thread.interrupted()).as("the interruption was the watchdog's").isFalse();
  }

  @Test
  void anInterruptionWhileALoaderWaitsForItsStreamIsToldAsOne() {
    WeightLoader loader =
        (weights, stream, deadline) -> {
          runtime.hold();
          Thread.currentThread().interrupt();
          stream.synchronize(deadline);
        };
    assertThatThrownBy(() -> receive(CONFIG, loader))
        .isInstanceOf(TransferAbortedException.class)
        .hasMessageContaining("the loader: interrupted while waiting for a device stream")
        .hasMessageContaining("rank 1 of 2 at nowhere:1 was in bucket 1 of 3");
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void aLoaderThatWaitsPastTheDeadlineNamesTheMissingRanks() {
    WeightLoader loader =
        (weights, stream, deadline) -> {
          runtime.hold();
          stream.synchronize(deadline);
        };
    TransferTimeoutException e =
        catchThrowableOfType(
            TransferTimeoutException.class,
            () -> receive(CONFIG.withTimeout(Duration.ofMillis(50)), loader));
    assertThat(e.missingRanks()).containsExactly(1);
  }

  @Test
  void aCheckedExceptionThatTheCompilerDidNotSeeIsAFailureToo() {
    try (var worker = worker(new ManualCommunicator(), CONFIG)) {
      worker.startWeightUpdate();
      assertThatThrownBy(
              () ->
                  worker.receiveWeights(
                      BroadcastUpdateInfo.of(specs),
                      (weights, stream, deadline) -> sneak(new IOException("disk full"))))
          .isInstanceOf(TransferException.class)
          .hasMessageContaining("the loader: disk full");
      assertThat(worker.state()).isEqualTo(EngineState.FAILED);
    }
  }

  @SuppressWarnings("unchecked") // the cast is what makes the compiler look away
  private static <E extends Exception> void sneak(Exception e) throws E {
    throw (E) e;
  }

  @Test
  void theOtherRanksAreToldWhatFailedInTheSource() {
    ManualCommunicator group = new ManualCommunicator();
    WeightSource broken =
        source(tensor -> tensor)
            .map(
                new TensorMapping() {
                  @Override
                  public TensorSpec mapSpec(TensorSpec spec) {
                    return spec;
                  }

                  @Override
                  public SourceTensor mapTensor(SourceTensor tensor) {
                    throw new IllegalStateException("shard lost");
                  }
                });
    try (var trainer = trainer(group)) {
      assertThatThrownBy(() -> trainer.sendWeights(broken)).hasMessageContaining("shard lost");
      assertThat(group.abortReasons().get(0)).contains("the source at 'a' uint8 [16]: shard lost");
    }
  }

  @Test
  void aSourceThatCannotBeOpenedIsNamedAsTheSource() {
    WeightSource broken =
        new WeightSource() {
          @Override
          public List<TensorSpec> specs() {
            return specs;
          }

          @Override
          public WeightPass open() {
            throw new IllegalStateException();
          }
        };
    try (var trainer = trainer(new ManualCommunicator())) {
      assertThatThrownBy(() -> trainer.sendWeights(broken))
          .isInstanceOf(TransferException.class)
          .hasMessageContaining("the source: java.lang.IllegalStateException");
    }
  }

  @Test
  void closeOnAnInterruptedThreadWaitsForWhatStillReadsAllTheSame() throws Exception {
    List<Boolean> holdingAtRelease = new CopyOnWriteArrayList<>();
    ManualCommunicator group =
        new ManualCommunicator() {
          @Override
          void onBroadcast() {
            throw new WeightTransferException("rank 1 has left");
          }
        };
    var trainer = trainer(group);
    runtime.hold();
    assertThatThrownBy(
            () ->
                trainer.sendWeights(
                    source(
                        tensor ->
                            tensor.withRelease(() -> holdingAtRelease.add(runtime.isHolding())))))
        .hasMessageContaining("rank 1 has left");
    Thread.currentThread().interrupt();
    Thread device =
        new Thread(
            () -> {
              while (trainer.state() != EngineState.CLOSED) {
                Thread.onSpinWait();
              }
              LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
              runtime.letGo();
            });
    device.start();
    trainer.close();
    assertThat(Thread.interrupted()).isTrue();
    device.join();
    assertThat(holdingAtRelease).containsExactly(false);
  }

  @ParameterizedTest
  @ValueSource(strings = {"buffer", "stream", "event"})
  void aWarmUpThatIsHalfMadeLeavesNothingOpen(String kind) {
    runtime.refuse(kind);
    assertThatThrownBy(() -> trainer(new ManualCommunicator()))
        .hasMessageContaining("no more " + kind);
    assertThat(runtime.account()).hasToString("nothing");
  }

  @Test
  void anUpdateOfEmptyTensorsAloneNeedsNoBytesToBeReceivedAndSent() {
    List<TensorSpec> empty = List.of(new TensorSpec("e", DataType.FLOAT32, Shape.of(0, 4)));
    List<String> loaded = new ArrayList<>();
    try (var worker = worker(new ManualCommunicator(), CONFIG);
        var trainer = trainer(new ManualCommunicator())) {
      worker.startWeightUpdate();
      worker.receiveWeights(
          BroadcastUpdateInfo.of(empty),
          (weights, stream, deadline) -> weights.forEach(each -> loaded.add(each.name())));
      Tensor tensor = Tensor.of(empty.get(0), HostMemory.allocate(0));
      assertThat(trainer.sendWeights(WeightSource.of(List.of(tensor))).tensors()).isOne();
    }
    assertThat(loaded).containsExactly("e");
  }

  private void receive(WeightTransferConfig config, WeightLoader loader) {
    var worker = worker(new ManualCommunicator(), config);
    worker.startWeightUpdate();
    worker.receiveWeights(BroadcastUpdateInfo.of(specs), loader);
  }

  private TrainerWeightTransferEngine<BroadcastInitInfo> trainer(ManualCommunicator group) {
    var trainer =
        CollectiveEngines.trainer(
            "manual", group, runtime, new BackendContext(CONFIG, ParallelConfig.SINGLE));
    trainer.initTransferEngine(info());
    return trainer;
  }

  private WeightTransferEngine<BroadcastInitInfo, BroadcastUpdateInfo> worker(
      ManualCommunicator group, WeightTransferConfig config) {
    var worker =
        CollectiveEngines.worker(
            "manual", group, runtime, new BackendContext(config, ParallelConfig.SINGLE));
    worker.initTransferEngine(info());
    return worker;
  }

  private static BroadcastInitInfo info() {
    return BroadcastInitInfo.ofStore("nowhere", 1, 2)
        .withRankOffset(1)
        .withPacking(Packing.packed(10, 2));
  }

  private WeightSource source(UnaryOperator<SourceTensor> change) {
    List<SourceTensor> tensors = new ArrayList<>();
    for (TensorSpec spec : specs) {
      SourceTensor tensor = SourceTensor.of(Tensor.of(spec, HostMemory.allocate(spec.byteSize())));
      tensors.add(change.apply(tensor.withRelease(released::incrementAndGet)));
    }
    return new WeightSource() {
      @Override
      public List<TensorSpec> specs() {
        return specs;
      }

      @Override
      public WeightPass open() {
        return WeightPass.of(tensors.iterator());
      }
    };
  }

  private static TensorSpec spec(String name) {
    return new TensorSpec(name, DataType.UINT8, Shape.of(16));
  }
}
