package dev.weightcast.backend.loopback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.CopyingWeightLoader;
import dev.weightcast.api.DataType;
import dev.weightcast.api.Deadline;
import dev.weightcast.api.DeviceBuffer;
import dev.weightcast.api.DeviceContext;
import dev.weightcast.api.DeviceEvent;
import dev.weightcast.api.DeviceException;
import dev.weightcast.api.DeviceStream;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.MemoryCopy;
import dev.weightcast.api.Packing;
import dev.weightcast.api.SendOptions;
import dev.weightcast.api.Shape;
import dev.weightcast.api.SourceTensor;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorMapping;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferListener;
import dev.weightcast.api.TransferPlan;
import dev.weightcast.api.TransferProgress;
import dev.weightcast.api.TransferReport;
import dev.weightcast.api.WeightPass;
import dev.weightcast.api.WeightSource;
import dev.weightcast.api.WeightTransferConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Device memory, streams and events: ours, and those that others own. */
class DeviceSideTest {

  private static final Deadline MINUTE = Deadline.after(Duration.ofMinutes(1));

  private final TensorSpec spec = new TensorSpec("w", DataType.FLOAT32, Shape.of(64));
  private final Tensor weight = RandomModel.filled(List.of(spec), new Random(3)).get(0);

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aTensorOnTheDeviceIsReadOnlyAfterItsReadyEvent(boolean packed) throws Exception {
    Packing packing = new Packing(packed, 10, 2);
    try (Fleet fleet =
        Fleet.joined(1, WeightTransferConfig.defaults(), info -> info.withPacking(packing))) {
      for (int round = 0; round < 30; round++) {
        DeviceContext device = fleet.trainer.deviceContext();
        try (DeviceBuffer buffer = device.allocate("weight", spec.byteSize());
            DeviceStream producer = device.createStream("producer");
            DeviceEvent ready = device.createEvent()) {
          ((LoopbackStream) producer).enqueue(failure -> pause());
          producer.copy(List.of(new MemoryCopy(weight.memory(), 0, buffer, 0, spec.byteSize())));
          producer.recordEvent(ready);
          assertThat(moved(fleet, source(Tensor.of(spec, buffer), ready), SendOptions.defaults()))
              .isEqualTo(RandomModel.bytes(weight));
        }
      }
    }
  }

  @Test
  void memoryStreamsAndEventsOfOthersAreUsedWithoutCopyingAndLeftOpen() throws Exception {
    try (Fleet fleet = Fleet.joined(1, WeightTransferConfig.defaults(), info -> info)) {
      DeviceContext device = fleet.trainer.deviceContext();
      try (DeviceBuffer owned = device.allocate("theirs", spec.byteSize() + 100);
          DeviceStream stream = device.createStream("theirs");
          DeviceEvent event = device.createEvent()) {
        DeviceBuffer wrapped =
            DeviceBuffer.wrap(device.device(), owned.address() + 4, spec.byteSize());
        DeviceStream wrappedStream = device.wrapStream(stream.handle());
        DeviceEvent wrappedEvent = device.wrapEvent(event.handle());
        wrappedStream.copy(
            List.of(new MemoryCopy(weight.memory(), 0, wrapped, 0, spec.byteSize())));
        wrappedStream.recordEvent(wrappedEvent);
        SendOptions onTheirs = SendOptions.defaults().withStream(wrappedStream);
        assertThat(moved(fleet, source(Tensor.of(spec, wrapped), wrappedEvent), onTheirs))
            .isEqualTo(RandomModel.bytes(weight));
        wrapped.close();
        wrappedStream.close();
        wrappedEvent.close();
        stream.copy(List.of(new MemoryCopy(weight.memory(), 0, owned, 4, spec.byteSize())));
        stream.synchronize(MINUTE);
        assertThat(event.query()).isTrue();
      }
    }
  }

  @Test
  void aStreamThatItsOwnerClosesInTheMiddleOfASendIsAFailureOnBothSides() throws Exception {
    try (Fleet fleet = Fleet.withoutChannel(1, WeightTransferConfig.defaults(), info -> info)) {
      DeviceStream stream = fleet.trainer.deviceContext().createStream("theirs");
      Iterator<SourceTensor> tensors =
          new Iterator<>() {
            private int asked;

            @Override
            public boolean hasNext() {
              if (++asked == 3) { // for the last time, when everything has been enqueued
                stream.close();
              }
              return asked == 1;
            }

            @Override
            public SourceTensor next() {
              return SourceTensor.of(weight);
            }
          };
      assertThatThrownBy(
              () ->
                  fleet.trainer.sendWeights(
                      source(tensors), SendOptions.defaults().withStream(stream)))
          .as("the worker has not even begun to receive")
          .isInstanceOf(TransferException.class)
          .hasMessageContaining("stream was closed in the middle of a broadcast");
      assertThatThrownBy(() -> receive(fleet, RandomModel.blank(List.of(spec))))
          .isInstanceOf(TransferException.class)
          .hasMessageContaining("rank 0 has left the group");
    }
  }

  @Test
  void anAddressThatIsNobodysIsAnErrorAndNotACrash() {
    LoopbackRuntime runtime = runtime();
    DeviceBuffer buffer = runtime.allocate("b", 100);
    DeviceStream stream = runtime.createStream("s");
    DeviceBuffer beyond = DeviceBuffer.wrap(runtime.device(), buffer.address() + 90, 20);
    assertThatThrownBy(
            () -> stream.copy(List.of(new MemoryCopy(HostMemory.allocate(20), 0, beyond, 0, 20))))
        .isInstanceOf(DeviceException.class)
        .hasMessageContaining("illegal address");
    buffer.close();
    assertThatThrownBy(
            () -> stream.copy(List.of(new MemoryCopy(HostMemory.allocate(20), 0, buffer, 0, 20))))
        .hasMessageContaining("was used after close");
    assertThatThrownBy(() -> runtime.wrapStream(999)).hasMessageContaining("has the handle 999");
    runtime.close();
  }

  @Test
  void workThatFailsIsToldByTheNextEventAndTheStreamGoesOn() {
    LoopbackRuntime runtime = runtime();
    LoopbackStream stream = (LoopbackStream) runtime.createStream("s");
    stream.enqueue(
        failure -> {
          throw new DeviceException("injected");
        });
    assertThatThrownBy(() -> stream.synchronize(MINUTE)).hasMessageContaining("injected");
    stream.synchronize(MINUTE);
    runtime.close();
  }

  @Test
  void whatIsLeftOpenIsReportedByLabelAndBytes() {
    LoopbackRuntime runtime = runtime();
    assertThat(runtime.allocate("kv cache", 4096).byteSize()).isEqualTo(4096);
    assertThat(runtime.createStream("side").handle()).isPositive();
    assertThat(runtime.closeAndReport())
        .hasToString("buffer 'kv cache' (4096 bytes), stream 'side'");
    assertThat(runtime.closeAndReport().isEmpty()).isTrue();
    assertThatThrownBy(() -> runtime.allocate("late", 1)).hasMessageContaining("is closed");
  }

  @Test
  void theRingIsAllocatedOnceAndItsSizeIsToldBeforeTheFirstByte() throws Exception {
    List<Object> told = Collections.synchronizedList(new ArrayList<>());
    TransferListener listener =
        new TransferListener() {
          @Override
          public void planned(TransferPlan plan) {
            told.add(plan);
          }

          @Override
          public void progressed(TransferProgress progress) {
            told.add(progress.bytesDone());
          }
        };
    List<TensorSpec> specs = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      specs.add(new TensorSpec("w" + i, DataType.UINT8, Shape.of(40)));
    }
    WeightTransferConfig config = WeightTransferConfig.defaults().withListener(listener);
    try (Fleet fleet = new Fleet(1, WeightTransferConfig.defaults(), info -> info);
        Fleet listening = new Fleet(0, config, info -> info)) {
      Packing packing = Packing.packed(60, 3);
      listening.info = fleet.info.withPacking(packing);
      fleet.info = listening.info;
      Fleet.awaitAll(
          List.of(listening.start(listening::initTrainer), fleet.start(() -> fleet.initWorker(0))));
      List<Tensor> weights = RandomModel.filled(specs, new Random(4));
      String account = "";
      for (int round = 0; round < 5; round++) {
        Future<TransferReport> sent =
            listening.start(() -> listening.trainer.sendWeights(WeightSource.of(weights)));
        Future<?> received = fleet.start(() -> receive(fleet, RandomModel.blank(specs)));
        assertThat(Fleet.result(sent).bufferBytes()).isEqualTo(240);
        Fleet.result(received);
        String now = ((LoopbackRuntime) listening.trainer.deviceContext()).account().toString();
        assertThat(round == 0 ? now : account).isEqualTo(now);
        account = now;
      }
      assertThat(account).contains("ring slot 2").doesNotContain("ring slot 3");
    }
    assertThat(told.subList(0, 6))
        .containsExactly(new TransferPlan(10, 400, 5, 80, 240), 80L, 160L, 240L, 320L, 400L);
  }

  @Test
  void aMappingChangesWhatIsAnnouncedAndWhatIsSent() throws Exception {
    TensorMapping prefixed =
        new TensorMapping() {
          @Override
          public TensorSpec mapSpec(TensorSpec from) {
            return new TensorSpec("model." + from.name(), from.dataType(), from.shape());
          }

          @Override
          public SourceTensor mapTensor(SourceTensor from) {
            Tensor tensor = from.tensor();
            return from.withTensor(
                new Tensor(mapSpec(tensor.spec()), tensor.memory(), tensor.byteOffset()));
          }
        };
    try (Fleet fleet = Fleet.joined(1, WeightTransferConfig.defaults(), info -> info)) {
      List<Tensor> held = RandomModel.blank(List.of(prefixed.mapSpec(spec)));
      Future<?> worker = fleet.start(() -> receive(fleet, held));
      RecordingSource source = new RecordingSource(List.of(spec), List.of(weight));
      fleet.trainer.sendWeights(source, SendOptions.defaults().withMapping(prefixed));
      Fleet.result(worker);
      assertThat(RandomModel.bytes(held.get(0))).isEqualTo(RandomModel.bytes(weight));
      assertThat(source.released()).isOne();
    }
  }

  @RepeatedTest(20)
  void everyTensorIsReleasedExactlyOnceAndNotBeforeItsBucketHasDrained() throws Exception {
    List<TensorSpec> specs =
        RandomModel.specs(new Random(8), 40, List.of(DataType.UINT8, DataType.FLOAT32));
    try (Fleet fleet =
        Fleet.joined(
            2, WeightTransferConfig.defaults(), info -> info.withPacking(Packing.packed(50, 3)))) {
      RecordingSource source = new RecordingSource(specs, RandomModel.filled(specs, new Random(9)));
      List<Future<?>> all = new ArrayList<>();
      all.add(fleet.start(() -> receive(fleet, 0, RandomModel.blank(specs))));
      all.add(fleet.start(() -> receive(fleet, 1, RandomModel.blank(specs))));
      fleet.trainer.sendWeights(source);
      assertThat(source.released()).isEqualTo(specs.size());
      assertThat(source.isClosed()).isTrue();
      Fleet.awaitAll(all);
    }
  }

  @Test
  void anotherRootSendsToAllOthers() throws Exception {
    WeightTransferConfig config = WeightTransferConfig.defaults().withRoot(2);
    try (Fleet fleet = Fleet.joined(2, config, info -> info.withRankOffset(0))) {
      assertThat(moved(fleet, WeightSource.of(List.of(weight)), SendOptions.defaults(), 2))
          .isEqualTo(RandomModel.bytes(weight));
    }
  }

  @Test
  void anEmptyUpdateMovesNothingAndEndsWell() throws Exception {
    try (Fleet fleet =
        Fleet.joined(
            1, WeightTransferConfig.defaults(), info -> info.withPacking(Packing.packed(5, 2)))) {
      Future<?> worker = fleet.start(() -> receive(fleet, List.of()));
      TransferReport report = fleet.trainer.sendWeights(WeightSource.of(List.of()));
      assertThat(report.bytes()).isZero();
      assertThat(report.buckets()).isZero();
      Fleet.result(worker);
    }
  }

  @Test
  void closingLeavesNoThreadOfOursBehind() throws Exception {
    try (Fleet fleet = Fleet.joined(3, WeightTransferConfig.defaults(), info -> info)) {
      assertThat(moved(fleet, WeightSource.of(List.of(weight)), SendOptions.defaults(), 3))
          .isEqualTo(RandomModel.bytes(weight));
    }
    Deadline deadline = Deadline.after(Duration.ofSeconds(20));
    while (ourThreads() > 0 && !deadline.isOver()) {
      Thread.onSpinWait();
    }
    assertThat(ourThreads()).isZero();
  }

  private static long ourThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("weightcast-"))
        .filter(Thread::isAlive)
        .count();
  }

  private byte[] moved(Fleet fleet, WeightSource source, SendOptions options) throws Exception {
    return moved(fleet, source, options, 1);
  }

  private byte[] moved(Fleet fleet, WeightSource source, SendOptions options, int workers)
      throws Exception {
    List<Future<?>> all = new ArrayList<>();
    List<List<Tensor>> held = new ArrayList<>();
    for (int i = 0; i < workers; i++) {
      int worker = i;
      List<Tensor> blank = RandomModel.blank(List.of(spec));
      held.add(blank);
      all.add(fleet.start(() -> receive(fleet, worker, blank)));
    }
    fleet.trainer.sendWeights(source, options);
    Fleet.awaitAll(all);
    return RandomModel.bytes(held.get(workers - 1).get(0));
  }

  private static Object receive(Fleet fleet, List<Tensor> into) {
    return receive(fleet, 0, into);
  }

  private static Object receive(Fleet fleet, int worker, List<Tensor> into) {
    var engine = fleet.workers.get(worker);
    engine.startWeightUpdate();
    List<TensorSpec> specs = into.stream().map(Tensor::spec).toList();
    engine.receiveWeights(BroadcastUpdateInfo.of(specs), CopyingWeightLoader.into(into));
    engine.finishWeightUpdate();
    return engine;
  }

  private WeightSource source(Tensor tensor, DeviceEvent ready) {
    return source(List.of(SourceTensor.of(tensor).withReadyEvent(ready)).iterator());
  }

  private WeightSource source(Iterator<SourceTensor> tensors) {
    return new WeightSource() {
      @Override
      public List<TensorSpec> specs() {
        return List.of(spec);
      }

      @Override
      public WeightPass open() {
        return WeightPass.of(tensors);
      }
    };
  }

  /** Long enough that whoever does not wait for the event reads too early. */
  private static void pause() throws InterruptedException {
    AtomicInteger nothing = new AtomicInteger();
    synchronized (nothing) {
      nothing.wait(5);
    }
  }

  private static LoopbackRuntime runtime() {
    return new LoopbackRuntime(new dev.weightcast.api.Device("loopback", 0));
  }
}
