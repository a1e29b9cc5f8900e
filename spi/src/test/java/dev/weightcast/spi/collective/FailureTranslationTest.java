package dev.weightcast.spi.collective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.DataType;
import dev.weightcast.api.Deadline;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.Packing;
import dev.weightcast.api.ParallelConfig;
import dev.weightcast.api.Shape;
import dev.weightcast.api.SourceTensor;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorMismatchException;
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
import dev.weightcast.spi.BackendContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Whatever ends an operation is told in the operation's words, and what ended it first is told. */
class FailureTranslationTest {

  private static final WeightTransferConfig CONFIG =
      WeightTransferConfig.defaults().withTimeout(Duration.ofSeconds(10));

  private final ManualRuntime runtime = new ManualRuntime();
  private final List<TensorSpec> specs = List.of(spec("a"), spec("b"), spec("c"));

  @Test
  void aJoinThatKnowsOnlyThatItsThreadWasInterruptedIsATimeoutToo() {
    ManualCommunicator group =
        new ManualCommunicator() {
          @Override
          public Communicator join(ProcessGroup joining, DeviceRuntime device, Deadline deadline) {
            while (!Thread.currentThread().isInterrupted()) {
              Thread.onSpinWait();
            }
            throw new TransferAbortedException(
                "connecting was aborted", TransferPhase.RENDEZVOUS, 0, 0, null);
          }
        };
    assertThatThrownBy(() -> worker(group, CONFIG.withTimeout(Duration.ofMillis(50))))
        .isInstanceOf(TransferTimeoutException.class)
        .hasMessageContaining("did not end within PT0.05S")
        .hasMessageContaining("connecting was aborted");
    assertThat(Thread.interrupted()).as("the interruption was the watchdog's").isFalse();
  }

  @Test
  void anInterruptionInsideTheCommunicatorIsToldInTheWordsOfTheOperation() {
    ManualCommunicator group =
        new ManualCommunicator() {
          @Override
          void onBroadcast() {
            Thread.currentThread().interrupt();
            throw new TransferAbortedException(
                "interrupted in a launch",
                TransferPhase.DRAIN,
                0,
                0,
                new InterruptedException("by the test"));
          }
        };
    try (var trainer = trainer(group)) {
      assertThatThrownBy(() -> trainer.sendWeights(source(tensor -> tensor)))
          .hasMessageContaining("sendWeights was ended from outside: interrupted in a launch")
          .hasMessageContaining("rank 0 of 2 at nowhere:1 was in bucket 1 of 3, 0 of 48 bytes")
          .isInstanceOfSatisfying(
              TransferAbortedException.class,
              e -> {
                assertThat(e.phase()).isEqualTo(TransferPhase.bucket(1, 3));
                assertThat(e.bytesTotal()).isEqualTo(48);
              });
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @Test
  void aTimeOutInsideTheCommunicatorIsToldInTheWordsOfTheOperation() {
    Duration timeout = Duration.ofSeconds(1);
    ManualCommunicator group =
        new ManualCommunicator() {
          @Override
          void onBroadcast() {
            Deadline own = Deadline.after(timeout); // as NCCL's launch has, a little later
            while (!own.isOver()) {
              Thread.onSpinWait();
            }
            throw new TransferTimeoutException(
                "a launch did not end", timeout, TransferPhase.DRAIN, 0, 0, List.of(), null);
          }
        };
    try (var trainer = trainer(group, CONFIG.withTimeout(timeout))) {
      TransferTimeoutException e =
          catchThrowableOfType(
              TransferTimeoutException.class, () -> trainer.sendWeights(source(tensor -> tensor)));
      assertThat(e)
          .hasMessageContaining("sendWeights did not end within PT1S")
          .hasMessageContaining("last: a launch did not end");
      assertThat(e.phase()).isEqualTo(TransferPhase.bucket(1, 3));
      assertThat(e.missingRanks()).containsExactly(1);
    }
  }

  @Test
  void anInterruptionThatALoaderHasWrappedIsNotLost() {
    WeightLoader loader =
        (weights, stream, deadline) -> {
          throw new IllegalStateException(new InterruptedException("while it waited"));
        };
    assertThatThrownBy(() -> receive(CONFIG, loader))
        .isInstanceOf(TransferAbortedException.class)
        .hasMessageContaining("the loader: java.lang.InterruptedException: while it waited");
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void anInterruptionOfAnotherThreadIsNotThisThreads() {
    WeightLoader loader =
        (weights, stream, deadline) ->
            sneak(new ExecutionException(new InterruptedException("in the loader's pool")));
    assertThatThrownBy(() -> receive(CONFIG, loader))
        .isExactlyInstanceOf(TransferException.class)
        .hasMessageContaining("the loader: java.lang.InterruptedException: in the loader's pool");
    assertThat(Thread.interrupted()).isFalse();
  }

  @Test
  void whatEndedASendIsNotHiddenByACloseThatCameAfterIt() {
    List<AutoCloseable> engine = new ArrayList<>();
    ManualCommunicator group =
        new ManualCommunicator() {
          @Override
          public synchronized void abort(String reason) {
            super.abort(reason);
            try {
              engine.get(0).close();
            } catch (Exception e) {
              throw new AssertionError(e);
            }
          }
        };
    var trainer = trainer(group);
    engine.add(trainer);
    assertThatThrownBy(
            () ->
                trainer.sendWeights(
                    source(
                        tensor ->
                            SourceTensor.of(Tensor.of(spec("other"), HostMemory.allocate(16))))))
        .isInstanceOf(TensorMismatchException.class)
        .hasMessage(group.abortReasons().get(0));
  }

  @Test
  void aPassThatThrowsWhenItIsClosedHidesNeitherASuccessNorAFailure() {
    WeightSource good = closingBadly(source(tensor -> tensor));
    try (var trainer = trainer(new ManualCommunicator())) {
      assertThat(trainer.sendWeights(good).tensors()).isEqualTo(3);
      assertThatThrownBy(() -> trainer.sendWeights(closingBadly(source(tensor -> null))))
          .hasMessageContaining("the source at 'a' uint8 [16]: it yielded null");
    }
  }

  private static WeightSource closingBadly(WeightSource source) {
    return new WeightSource() {
      @Override
      public List<TensorSpec> specs() {
        return source.specs();
      }

      @Override
      public WeightPass open() {
        WeightPass pass = source.open();
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
            throw new IllegalStateException("the file is gone");
          }
        };
      }
    };
  }

  @SuppressWarnings("unchecked") // the cast is what makes the compiler look away
  private static <E extends Exception> void sneak(Exception e) throws E {
    throw (E) e;
  }

  private void receive(WeightTransferConfig config, WeightLoader loader) {
    var worker = worker(new ManualCommunicator(), config);
    worker.startWeightUpdate();
    worker.receiveWeights(BroadcastUpdateInfo.of(specs), loader);
  }

  private TrainerWeightTransferEngine<BroadcastInitInfo> trainer(ManualCommunicator group) {
    return trainer(group, CONFIG);
  }

  private TrainerWeightTransferEngine<BroadcastInitInfo> trainer(
      ManualCommunicator group, WeightTransferConfig config) {
    var trainer =
        CollectiveEngines.trainer(
            "manual", group, runtime, new BackendContext(config, ParallelConfig.SINGLE));
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
      tensors.add(change.apply(tensor));
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
