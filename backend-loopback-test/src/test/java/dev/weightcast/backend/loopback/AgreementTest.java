package dev.weightcast.backend.loopback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.CopyingWeightLoader;
import dev.weightcast.api.DataType;
import dev.weightcast.api.EngineState;
import dev.weightcast.api.Packing;
import dev.weightcast.api.Shape;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferMismatchException;
import dev.weightcast.api.TransferPhase;
import dev.weightcast.api.TransferReport;
import dev.weightcast.api.TransferTimeoutException;
import dev.weightcast.api.WeightSource;
import dev.weightcast.api.WeightTransferConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Ranks that were told different things say so, all of them, before the first byte moves. */
class AgreementTest {

  private static final WeightTransferConfig CONFIG = WeightTransferConfig.defaults();
  private static final WeightTransferConfig SHORT = CONFIG.withTimeout(Duration.ofMillis(400));
  private static final Packing PACKING = Packing.packed(100, 2);
  private static final List<TensorSpec> SPECS =
      List.of(spec("a", 80), spec("b", 80), spec("c", 80), spec("d", 80));

  private final AtomicInteger loads = new AtomicInteger();

  private static TensorSpec spec(String name, long bytes) {
    return new TensorSpec(name, DataType.UINT8, Shape.of(bytes));
  }

  private static List<TensorSpec> with(int index, TensorSpec other) {
    List<TensorSpec> specs = new ArrayList<>(SPECS);
    specs.set(index, other);
    return specs;
  }

  static Stream<Arguments> differentTensors() {
    return Stream.of(
        Arguments.of(
            with(2, new TensorSpec("c", DataType.INT8, Shape.of(80))),
            "tensor 3 differs in dtype: 'c' uint8 [80] at rank 0 (of 4 tensors) and 'c' int8 [80]"
                + " at rank 1 (of 4 tensors)"),
        Arguments.of(
            with(1, new TensorSpec("b", DataType.UINT8, Shape.of(8, 10))),
            "tensor 2 differs in shape: 'b' uint8 [80] at rank 0 (of 4 tensors) and 'b' uint8 [8,"
                + " 10] at rank 1 (of 4 tensors)"),
        Arguments.of(
            List.of(SPECS.get(1), SPECS.get(0), SPECS.get(2), SPECS.get(3)),
            "tensor 1 differs in name: 'a' uint8 [80] at rank 0 (of 4 tensors) and 'b' uint8 [80]"
                + " at rank 1 (of 4 tensors)"),
        Arguments.of(
            SPECS.subList(0, 3),
            "tensor 4 is 'd' uint8 [80] at rank 0 (of 4 tensors), and rank 1 has 3 only"),
        Arguments.of(
            Stream.concat(SPECS.stream(), Stream.of(spec("e", 1))).toList(),
            "tensor 5 is 'e' uint8 [1] at rank 1 (of 5 tensors), and rank 0 has 4 only"),
        Arguments.of(
            List.of(SPECS.get(0), SPECS.get(2), SPECS.get(3)),
            "tensor 2 differs in name: 'b' uint8 [80] at rank 0 (of 4 tensors) and 'c' uint8 [80]"
                + " at rank 1 (of 3 tensors)"),
        Arguments.of(
            List.of(),
            "tensor 1 is 'a' uint8 [80] at rank 0 (of 4 tensors), and rank 1 has 0 only"));
  }

  @ParameterizedTest
  @MethodSource
  void differentTensors(List<TensorSpec> told, String difference) throws Exception {
    assertRefused(BroadcastUpdateInfo.of(told), PACKING, difference);
  }

  static Stream<Arguments> differentPacking() {
    return Stream.of(
        Arguments.of(
            PACKING,
            Packing.packed(200, 2),
            "packed_buffer_size_bytes is 100 at rank 0 and 200 at rank 1"),
        Arguments.of(
            PACKING, Packing.packed(100, 3), "packed_num_buffers is 2 at rank 0 and 3 at rank 1"),
        Arguments.of(
            PACKING, new Packing(false, 100, 2), "packed is true at rank 0 and false at rank 1"),
        Arguments.of(
            new Packing(false, 100, 2), PACKING, "packed is false at rank 0 and true at rank 1"));
  }

  @ParameterizedTest
  @MethodSource
  void differentPacking(Packing trainers, Packing workers, String difference) throws Exception {
    assertRefused(BroadcastUpdateInfo.of(SPECS).withPacking(workers), trainers, difference);
  }

  private void assertRefused(BroadcastUpdateInfo told, Packing packing, String difference)
      throws Exception {
    for (boolean mute : new boolean[] {false, true}) { // by notes, and by collectives
      loads.set(0);
      assertRefused(told, packing, difference, mute);
    }
  }

  private void assertRefused(
      BroadcastUpdateInfo told, Packing packing, String difference, boolean mute) throws Exception {
    UnaryOperator<BroadcastInitInfo> change = info -> info.withPacking(packing);
    try (Fleet fleet = mute ? Fleet.mute(1, CONFIG, change) : new Fleet(1, CONFIG, change)) {
      fleet.join();
      Future<?> worker = fleet.start(() -> receive(fleet, 0, told));
      TransferMismatchException trainers =
          catchThrowableOfType(TransferMismatchException.class, () -> send(fleet));
      TransferMismatchException workers =
          catchThrowableOfType(TransferMismatchException.class, () -> Fleet.result(worker));
      for (TransferMismatchException each : List.of(trainers, workers)) {
        assertThat(each)
            .hasMessageContaining(
                "was refused before anything moved: rank 1 differs from rank 0, the root: "
                    + difference
                    + "; ");
        assertThat(each.rank()).isEqualTo(1);
        assertThat(each.phase()).isEqualTo(TransferPhase.AGREEMENT);
        assertThat(each.bytesDone()).isZero();
      }
      assertThat(loads).as("calls of the loader").hasValue(0);
      assertThat(fleet.trainer.state()).isEqualTo(EngineState.FAILED);
      assertThat(fleet.workers.get(0).state()).isEqualTo(EngineState.FAILED);
      assertThat(fleet.workers.get(0).weightStatus().isMixed()).isFalse();
      assertWorksAfterJoiningAgain(fleet);
    }
  }

  @Test
  void numbersOfBuffersMatterOnlyWhereThereArePackedBuffers() throws Exception {
    Packing trainers = new Packing(false, 100, 2);
    try (Fleet fleet = Fleet.joined(1, CONFIG, info -> info.withPacking(trainers))) {
      BroadcastUpdateInfo told =
          BroadcastUpdateInfo.of(SPECS).withPacking(new Packing(false, 7, 3));
      Future<?> worker = fleet.start(() -> receive(fleet, 0, told));
      assertThat(send(fleet).acknowledged()).containsExactly(1);
      Fleet.result(worker);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void ofSeveralWorkersTheOneThatDiffersIsNamedToAll(int differing) throws Exception {
    try (Fleet fleet = Fleet.joined(3, CONFIG, info -> info.withPacking(PACKING))) {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        int worker = i;
        List<TensorSpec> told = i + 1 == differing ? with(3, spec("d", 81)) : SPECS;
        all.add(fleet.start(() -> receive(fleet, worker, BroadcastUpdateInfo.of(told))));
      }
      all.add(fleet.start(() -> send(fleet)));
      for (Future<?> each : all) {
        TransferMismatchException e =
            catchThrowableOfType(TransferMismatchException.class, () -> Fleet.result(each));
        assertThat(e.rank()).isEqualTo(differing);
        assertThat(e)
            .hasMessageContaining("rank " + differing + " differs from rank 0, the root: tensor 4");
      }
      assertThat(loads).hasValue(0);
      assertWorksAfterJoiningAgain(fleet);
    }
  }

  @Test
  void whoeverElseDiffersIsMentioned() throws Exception {
    try (Fleet fleet = Fleet.joined(3, CONFIG, info -> info.withPacking(PACKING))) {
      List<TensorSpec> other = with(0, spec("z", 80));
      for (int i = 0; i < 3; i++) {
        int worker = i;
        List<TensorSpec> told = i == 0 ? SPECS : other;
        fleet.start(() -> receive(fleet, worker, BroadcastUpdateInfo.of(told)));
      }
      assertThatThrownBy(() -> send(fleet))
          .isInstanceOf(TransferMismatchException.class)
          .hasMessageContaining("rank 2 differs from rank 0")
          .hasMessageContaining("different from the root too: rank 3");
    }
  }

  @Test
  void thousandsOfTensorsOfWhichTheLastDiffersAreCompared() throws Exception {
    List<TensorSpec> many = new ArrayList<>();
    Random random = new Random(3);
    for (int i = 0; i < 20_000; i++) {
      many.add(
          new TensorSpec(
              "layers." + i + "." + Long.toHexString(random.nextLong()) + "é" + ".weight",
              DataType.UINT8,
              Shape.of(1)));
    }
    List<TensorSpec> told = new ArrayList<>(many);
    told.set(19_999, new TensorSpec(many.get(19_999).name(), DataType.INT8, Shape.of(1)));
    try (Fleet fleet = Fleet.joined(1, CONFIG, info -> info.withPacking(PACKING))) {
      Future<?> worker = fleet.start(() -> receive(fleet, 0, BroadcastUpdateInfo.of(told)));
      assertThatThrownBy(
              () ->
                  fleet.trainer.sendWeights(
                      WeightSource.of(RandomModel.filled(many, new Random(1)))))
          .isInstanceOf(TransferMismatchException.class)
          .hasMessageContaining("tensor 20000 differs in dtype");
      assertThatThrownBy(() -> Fleet.result(worker))
          .hasMessageContaining("tensor 20000 differs in dtype");
    }
  }

  @Test
  void whoeverIsNotThereForTheAgreementIsNamed() throws Exception {
    try (Fleet fleet = Fleet.joined(3, SHORT, info -> info.withPacking(PACKING))) {
      Future<?> waiting = fleet.start(() -> receive(fleet, 1, BroadcastUpdateInfo.of(SPECS)));
      TransferTimeoutException e =
          catchThrowableOfType(TransferTimeoutException.class, () -> send(fleet));
      assertThatThrownBy(() -> Fleet.result(waiting)).isInstanceOf(TransferException.class);
      assertThat(e.missingRanks()).containsExactly(1, 3);
      assertThat(e.phase()).isEqualTo(TransferPhase.AGREEMENT);
      assertThat(e)
          .hasMessageContaining("waiting for rank 1, 3")
          .hasMessageNotContaining("could not be compared");
      assertWorksAfterJoiningAgain(fleet);
    }
  }

  @Test
  void aTrainerThatIsNotThereForTheAgreementIsNamed() throws Exception {
    try (Fleet fleet = Fleet.joined(1, SHORT, info -> info.withPacking(PACKING))) {
      TransferTimeoutException e =
          catchThrowableOfType(
              TransferTimeoutException.class,
              () -> receive(fleet, 0, BroadcastUpdateInfo.of(SPECS)));
      assertThat(e.missingRanks()).containsExactly(0);
      assertThat(e.phase()).isEqualTo(TransferPhase.AGREEMENT);
    }
  }

  @Test
  void withForeignWorkersTheMessageSaysWhatCouldNotBeCompared() throws Exception {
    try (Fleet fleet =
        new Fleet(3, SHORT, rank -> rank == 1 || rank == 3, info -> info.withPacking(PACKING))) {
      fleet.join();
      fleet.start(() -> receive(fleet, 1, BroadcastUpdateInfo.of(SPECS)));
      assertThatThrownBy(() -> send(fleet))
          .isInstanceOf(TransferTimeoutException.class)
          .hasMessageContaining("bucket 1 of 2")
          .hasMessageContaining("waiting for rank 1, 3")
          .hasMessageEndingWith(
              "Ranks 1, 3 are not Weightcast's own: their tensors and packing could not be"
                  + " compared, and they do not acknowledge.");
    }
  }

  @Test
  void withForeignWorkersTheReportSaysWhoAcknowledged() throws Exception {
    try (Fleet fleet =
        new Fleet(3, CONFIG, rank -> rank == 1 || rank == 3, info -> info.withPacking(PACKING))) {
      fleet.join();
      TransferReport report = oneUpdate(fleet);
      assertThat(report.acknowledged()).containsExactly(2);
      assertThat(report.unacknowledged()).containsExactly(1, 3);
    }
  }

  @Test
  void withAForeignRootAWorkerSaysSoAndReceivesAllTheSame() throws Exception {
    try (Fleet fleet = new Fleet(2, SHORT, rank -> rank == 0, info -> info.withPacking(PACKING))) {
      fleet.join();
      assertThatThrownBy(() -> receive(fleet, 0, BroadcastUpdateInfo.of(SPECS)))
          .isInstanceOf(TransferTimeoutException.class)
          .hasMessageContaining("Rank 0 (rank 0 is the root) is not Weightcast's own: its tensors");
    }
    try (Fleet fleet = new Fleet(2, CONFIG, rank -> rank == 0, info -> info.withPacking(PACKING))) {
      fleet.join();
      assertThat(oneUpdate(fleet).unacknowledged()).containsExactly(1, 2);
    }
  }

  @Test
  void aSourceThatCannotSayWhatItHasIsToldToTheWorkersAtOnce() throws Exception {
    try (Fleet fleet = Fleet.joined(1, CONFIG, info -> info.withPacking(PACKING))) {
      Future<?> worker = fleet.start(() -> receive(fleet, 0, BroadcastUpdateInfo.of(SPECS)));
      RecordingSource source =
          new RecordingSource(SPECS, List.of()) {
            @Override
            public List<TensorSpec> specs() {
              throw new IllegalStateException("the index is gone");
            }
          };
      assertThatThrownBy(() -> fleet.trainer.sendWeights(source))
          .hasMessageContaining("the source: the index is gone");
      assertThatThrownBy(() -> Fleet.result(worker))
          .hasMessageContaining(
              "receiveWeights failed: rank 0 has left the group: sendWeights"
                  + " failed: the source: the index is gone");
    }
  }

  private static List<Tensor> weights() {
    return RandomModel.filled(SPECS, new Random(1));
  }

  private static TransferReport send(Fleet fleet) {
    return fleet.trainer.sendWeights(WeightSource.of(weights()));
  }

  private Object receive(Fleet fleet, int worker, BroadcastUpdateInfo told) {
    var engine = fleet.workers.get(worker);
    engine.startWeightUpdate();
    Object report =
        engine.receiveWeights(told, (views, stream, deadline) -> loads.incrementAndGet());
    engine.finishWeightUpdate();
    return report;
  }

  private static TransferReport oneUpdate(Fleet fleet) throws Exception {
    List<List<Tensor>> held = new ArrayList<>();
    List<Future<?>> all = new ArrayList<>();
    for (var engine : fleet.workers) {
      List<Tensor> blank = RandomModel.blank(SPECS);
      held.add(blank);
      all.add(
          fleet.start(
              () -> {
                engine.startWeightUpdate();
                engine.receiveWeights(
                    BroadcastUpdateInfo.of(SPECS), CopyingWeightLoader.into(blank));
                engine.finishWeightUpdate();
                return engine;
              }));
    }
    TransferReport report = send(fleet);
    Fleet.awaitAll(all);
    List<Tensor> sent = weights();
    for (List<Tensor> each : held) {
      for (int i = 0; i < sent.size(); i++) {
        assertThat(RandomModel.bytes(each.get(i))).isEqualTo(RandomModel.bytes(sent.get(i)));
      }
    }
    return report;
  }

  private static void assertWorksAfterJoiningAgain(Fleet fleet) throws Exception {
    fleet.info =
        BroadcastInitInfo.ofUniqueId(fleet.trainer.createUniqueId(), fleet.workers.size() + 1)
            .withRankOffset(1)
            .withPacking(PACKING);
    fleet.join();
    oneUpdate(fleet);
  }
}
