package dev.weightcast.backend.loopback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.CopyingWeightLoader;
import dev.weightcast.api.DataType;
import dev.weightcast.api.Deadline;
import dev.weightcast.api.DeviceStream;
import dev.weightcast.api.EngineState;
import dev.weightcast.api.EngineStateException;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.Packing;
import dev.weightcast.api.Shape;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorMismatchException;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TransferAbortedException;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferPhase;
import dev.weightcast.api.TransferTimeoutException;
import dev.weightcast.api.WeightLoader;
import dev.weightcast.api.WeightSource;
import dev.weightcast.api.WeightTransferConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What each side sees when something goes wrong, and that everything works again afterwards. */
class EngineFailureTest {

  private static final WeightTransferConfig SHORT =
      WeightTransferConfig.defaults().withTimeout(Duration.ofSeconds(2));
  private static final WeightTransferConfig LONG = WeightTransferConfig.defaults();
  private static final Packing PACKED = Packing.packed(100, 2);

  private final List<TensorSpec> specs =
      List.of(spec("a", 80), spec("b", 80), spec("c", 80), spec("d", 80));
  private final List<Tensor> weights = RandomModel.filled(specs, new Random(1));

  @Test
  void whatIsNotInitialisedSaysSo() {
    try (Fleet fleet = new Fleet(1, SHORT, info -> info)) {
      assertThatThrownBy(() -> fleet.trainer.sendWeights(WeightSource.of(weights)))
          .isInstanceOf(EngineStateException.class)
          .hasMessage(
              "sendWeights was called on an engine that is not initialized; call"
                  + " initTransferEngine first");
      assertThatThrownBy(() -> fleet.workers.get(0).receiveWeights(update(), this::ignore))
          .isInstanceOf(EngineStateException.class)
          .hasMessageStartingWith("receiveWeights was called on an engine that is not initialized");
    }
  }

  @Test
  void aRankOutsideTheGroupIsRefusedBeforeAnythingIsWaitedFor() {
    try (Fleet fleet = new Fleet(1, LONG, info -> info.withRankOffset(2))) {
      assertThatThrownBy(() -> fleet.initWorker(0))
          .isInstanceOf(InvalidInfoException.class)
          .hasMessageStartingWith("rank 2 is outside the group of world_size 2");
      fleet.info = fleet.info.withRankOffset(0);
      assertThatThrownBy(() -> fleet.initWorker(0)).hasMessageContaining("that is the root");
      assertThat(fleet.workers.get(0).state()).isEqualTo(EngineState.NEW);
    }
  }

  @Test
  void ranksThatNeverComeAreNamed() {
    try (Fleet fleet = new Fleet(3, SHORT, info -> info)) {
      Future<Object> second = fleet.start(() -> fleet.initWorker(1));
      TransferTimeoutException e =
          catchThrowableOfType(TransferTimeoutException.class, fleet::initTrainer);
      assertThat(e.missingRanks()).contains(1, 3).doesNotContain(0);
      assertThat(e.phase()).isEqualTo(TransferPhase.RENDEZVOUS);
      assertThat(e).hasMessageContaining("rank 0 of 4").hasMessageContaining("PT2S");
      assertThatThrownBy(() -> Fleet.result(second)).isInstanceOf(TransferTimeoutException.class);
      assertThat(fleet.trainer.state()).isEqualTo(EngineState.FAILED);
    }
  }

  @Test
  void worldSizesThatDifferAreNamedOnBothSides() {
    try (Fleet fleet = new Fleet(1, LONG, info -> info);
        Fleet other = new Fleet(2, LONG, info -> info)) {
      other.info =
          BroadcastInitInfo.ofUniqueId(fleet.info.uniqueId().orElseThrow(), 3).withRankOffset(1);
      Future<Object> trainer = fleet.start(fleet::initTrainer);
      Future<Object> worker = fleet.start(() -> other.initWorker(0));
      for (Future<Object> each : List.of(trainer, worker)) {
        assertThatThrownBy(() -> Fleet.result(each))
            .isInstanceOf(TransferException.class)
            .hasMessageMatching(".* was told world_size [23], rank [01] was told [23]");
      }
    }
  }

  @Test
  void twoWorkersOfOneRankAreNamed() {
    try (Fleet fleet = new Fleet(2, LONG, info -> info);
        Fleet other = new Fleet(2, LONG, info -> info)) {
      other.info = fleet.info;
      Future<Object> first = fleet.start(() -> fleet.initWorker(0));
      Future<Object> second = fleet.start(() -> other.initWorker(0));
      for (Future<Object> each : List.of(first, second)) {
        assertThatThrownBy(() -> Fleet.result(each))
            .hasMessageContaining("two workers came as rank 1");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aForeignWorkerThatNeverReceivesIsNamedAndAllWorkAgainAfterwards(boolean packed)
      throws Exception {
    Packing packing = new Packing(packed, 100, 2);
    try (Fleet fleet = Fleet.withoutChannel(2, SHORT, info -> info.withPacking(packing))) {
      Future<?> other = fleet.start(() -> receive(fleet, 0, this::ignore));
      TransferTimeoutException e =
          catchThrowableOfType(TransferTimeoutException.class, () -> send(fleet, weights));
      assertThat(e.missingRanks()).containsExactly(2);
      assertThat(e.phase().kind()).isEqualTo(TransferPhase.Kind.BUCKET);
      assertThat(e.bytesTotal()).isEqualTo(320);
      assertThat(e).hasMessageContaining("waiting for rank 2").hasMessageContaining("of 320 bytes");
      assertEnded(other);
      assertThat(fleet.trainer.state()).isEqualTo(EngineState.FAILED);
      assertThatThrownBy(() -> send(fleet, weights))
          .isInstanceOf(EngineStateException.class)
          .hasMessageContaining("The first failure was");
      assertWorksAfterJoiningAgain(fleet);
    }
  }

  @Test
  void aForeignTrainerThatNeverSendsIsNamed() throws Exception {
    try (Fleet fleet = Fleet.withoutChannel(1, SHORT, info -> info.withPacking(PACKED))) {
      TransferTimeoutException e =
          catchThrowableOfType(
              TransferTimeoutException.class, () -> receive(fleet, 0, this::ignore));
      assertThat(e.missingRanks()).containsExactly(0);
      assertThat(e.bytesDone()).isZero();
      assertThat(e.phase()).hasToString("bucket 1 of 2");
      assertWorksAfterJoiningAgain(fleet);
    }
  }

  @Test
  void aLoaderThatThrowsFailsItsWorkerAtOnceAndThenTheOthers() throws Exception {
    try (Fleet fleet = Fleet.joined(2, LONG, info -> info.withPacking(PACKED))) {
      IllegalStateException cause = new IllegalStateException("no such layer");
      Future<?> bad =
          fleet.start(
              () ->
                  receive(
                      fleet,
                      0,
                      (views, stream, deadline) -> {
                        throw cause;
                      }));
      Future<?> good = fleet.start(() -> receive(fleet, 1, this::ignore));
      assertThatThrownBy(() -> send(fleet, weights))
          .isInstanceOf(TransferException.class)
          .hasMessageContaining("has left the group");
      assertThatThrownBy(() -> Fleet.result(bad))
          .isInstanceOf(TransferException.class)
          .hasMessageContaining("the loader: no such layer")
          .hasMessageContaining("rank 1 of 3")
          .hasMessageContaining("bucket 1 of 2")
          .hasCause(cause);
      assertEnded(good);
      assertWorksAfterJoiningAgain(fleet);
    }
  }

  @Test
  void aSourceThatYieldsSomethingElseIsCaughtBeforeItsBucketIsSent() throws Exception {
    List<TensorSpec> wrongType = new ArrayList<>(specs);
    wrongType.set(2, new TensorSpec("c", DataType.FLOAT16, Shape.of(40)));
    assertMismatch(
        wrongType,
        "tensor 3 of 4 was announced as 'c' uint8 [80], but the source yields 'c' float16 [40]; nothing of its bucket was sent");
    List<TensorSpec> swapped = List.of(specs.get(1), specs.get(0), specs.get(2), specs.get(3));
    assertMismatch(
        swapped,
        "tensor 1 of 4 was announced as 'a' uint8 [80], but the source yields 'b' uint8 [80]; nothing of its bucket was sent");
    assertMismatch(
        specs.subList(0, 3),
        "tensor 4 of 4 was announced as 'd' uint8 [80], but the source ended before it");
    List<TensorSpec> more = new ArrayList<>(specs);
    more.add(spec("e", 1));
    assertMismatch(more, "the source announced 4 tensors and yields one more: 'e' uint8 [1]");
  }

  private void assertMismatch(List<TensorSpec> yielded, String message) throws Exception {
    try (Fleet fleet = Fleet.joined(1, LONG, info -> info.withPacking(PACKED))) {
      Future<?> worker = fleet.start(() -> receive(fleet, 0, this::ignore));
      RecordingSource source =
          new RecordingSource(specs, RandomModel.filled(yielded, new Random(2)));
      assertThatThrownBy(() -> fleet.trainer.sendWeights(source))
          .isInstanceOf(TensorMismatchException.class)
          .hasMessage(message);
      assertThat(source.released()).isEqualTo(source.yielded());
      assertThat(source.isClosed()).isTrue();
      assertThatThrownBy(() -> Fleet.result(worker)).isInstanceOf(TransferException.class);
      assertWorksAfterJoiningAgain(fleet);
    }
  }

  @Test
  void aSourceThatThrowsIsNamedWithTheTensorItWasAskedFor() throws Exception {
    try (Fleet fleet = Fleet.joined(1, LONG, info -> info.withPacking(PACKED))) {
      Future<?> worker = fleet.start(() -> receive(fleet, 0, this::ignore));
      RecordingSource source = new RecordingSource(specs, weights).failingAt(3);
      assertThatThrownBy(() -> fleet.trainer.sendWeights(source))
          .isInstanceOf(TransferException.class)
          .hasMessageContaining("the source at 'd' uint8 [80]: shard lost");
      assertThat(source.released()).isEqualTo(3);
      assertThatThrownBy(() -> Fleet.result(worker)).isInstanceOf(TransferException.class);
    }
  }

  @Test
  void aLoaderThatBlocksIsEndedByTheDeadline() throws Exception {
    try (Fleet fleet = Fleet.joined(1, SHORT, info -> info.withPacking(PACKED))) {
      CountDownLatch never = new CountDownLatch(1);
      Future<?> trainer = fleet.start(() -> send(fleet, weights));
      assertThatThrownBy(
              () ->
                  receive(
                      fleet,
                      0,
                      (views, stream, deadline) -> {
                        try {
                          never.await();
                        } catch (InterruptedException e) {
                          throw new IllegalStateException("interrupted", e);
                        }
                      }))
          .isInstanceOf(TransferTimeoutException.class);
      assertThat(Thread.interrupted()).as("the interruption was ours").isFalse();
      assertThatThrownBy(() -> Fleet.result(trainer)).isInstanceOf(TransferException.class);
      assertWorksAfterJoiningAgain(fleet);
    }
  }

  @RepeatedTest(50)
  void closingFromAnotherThreadEndsWhatIsUnderWay() throws Exception {
    Fleet fleet = Fleet.withoutChannel(2, LONG, info -> info.withPacking(PACKED));
    CountDownLatch underWay = new CountDownLatch(1);
    Future<?> worker =
        fleet.start(
            () ->
                receive(
                    fleet,
                    0,
                    (views, stream, deadline) -> {
                      underWay.countDown();
                      stream.synchronize(deadline);
                    }));
    assertThat(underWay.await(10, TimeUnit.SECONDS)).isTrue();
    fleet.workers.get(0).close();
    assertThatThrownBy(() -> Fleet.result(worker))
        .isInstanceOf(TransferAbortedException.class)
        .hasMessageContaining("the engine was closed by thread");
    assertThat(fleet.workers.get(0).state()).isEqualTo(EngineState.CLOSED);
    fleet.close();
  }

  @RepeatedTest(20)
  void closingWhileJoiningEndsTheJoin() throws Exception {
    Fleet fleet = new Fleet(1, LONG, info -> info);
    Future<Object> joining = fleet.start(fleet::initTrainer);
    fleet.trainer.close();
    assertThatThrownBy(() -> Fleet.result(joining))
        .isInstanceOfAny(TransferAbortedException.class, EngineStateException.class);
    fleet.close();
  }

  @Test
  void anInterruptedThreadGetsItsFlagBack() throws Exception {
    try (Fleet fleet = Fleet.joined(1, LONG, info -> info.withPacking(PACKED))) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> send(fleet, weights))
          .isInstanceOf(TransferAbortedException.class)
          .hasMessageContaining("its thread was interrupted");
      assertThat(Thread.interrupted()).isTrue();
      assertThat(fleet.trainer.state()).isEqualTo(EngineState.FAILED);
      assertWorksAfterJoiningAgain(fleet);
    }
  }

  @Test
  void anUpdateThatTheTrainerDoesNotSendTheSameWayIsAnErrorAndNoGarbage() throws Exception {
    try (Fleet fleet = Fleet.joined(1, LONG, info -> info.withPacking(PACKED))) {
      List<TensorSpec> other = new ArrayList<>(specs);
      other.set(1, spec("b", 81));
      Future<?> worker =
          fleet.start(
              () -> {
                fleet.workers.get(0).startWeightUpdate();
                return fleet
                    .workers
                    .get(0)
                    .receiveWeights(BroadcastUpdateInfo.of(other), this::ignore);
              });
      assertThatThrownBy(() -> send(fleet, weights)).isInstanceOf(TransferException.class);
      assertThatThrownBy(() -> Fleet.result(worker)).isInstanceOf(TransferException.class);
    }
  }

  /** A worker that needs no more than the root has sent already may well have all of it. */
  private static void assertEnded(Future<?> operation) throws Exception {
    try {
      Fleet.result(operation);
    } catch (TransferException e) {
      assertThat(e).hasMessageContaining("receiveWeights").hasMessageContaining("rank ");
    }
  }

  private void assertWorksAfterJoiningAgain(Fleet fleet) throws Exception {
    fleet.info =
        BroadcastInitInfo.ofUniqueId(fleet.trainer.createUniqueId(), fleet.workers.size() + 1)
            .withRankOffset(1)
            .withPacking(PACKED);
    fleet.join();
    List<List<Tensor>> held = new ArrayList<>();
    List<Future<?>> all = new ArrayList<>();
    for (int i = 0; i < fleet.workers.size(); i++) {
      int worker = i;
      List<Tensor> blank = RandomModel.blank(specs);
      held.add(blank);
      all.add(fleet.start(() -> receive(fleet, worker, CopyingWeightLoader.into(blank))));
    }
    all.add(fleet.start(() -> send(fleet, weights)));
    Fleet.awaitAll(all);
    for (List<Tensor> each : held) {
      for (int i = 0; i < weights.size(); i++) {
        assertThat(RandomModel.bytes(each.get(i))).isEqualTo(RandomModel.bytes(weights.get(i)));
      }
    }
  }

  private Object send(Fleet fleet, List<Tensor> tensors) {
    return fleet.trainer.sendWeights(WeightSource.of(tensors));
  }

  private Object receive(Fleet fleet, int worker, WeightLoader loader) {
    var engine = fleet.workers.get(worker);
    engine.startWeightUpdate();
    var report = engine.receiveWeights(update(), loader);
    engine.finishWeightUpdate();
    return report;
  }

  private BroadcastUpdateInfo update() {
    return BroadcastUpdateInfo.of(specs);
  }

  private void ignore(List<Tensor> views, DeviceStream stream, Deadline deadline) {}

  private static TensorSpec spec(String name, long bytes) {
    return new TensorSpec(name, DataType.UINT8, Shape.of(bytes));
  }
}
