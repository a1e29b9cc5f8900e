package dev.weightcast.backend.loopback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.DataType;
import dev.weightcast.api.EngineState;
import dev.weightcast.api.EngineStateException;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.Packing;
import dev.weightcast.api.SendOptions;
import dev.weightcast.api.Shape;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TransferReport;
import dev.weightcast.api.WeightLoader;
import dev.weightcast.api.WeightSource;
import dev.weightcast.api.WeightStatus;
import dev.weightcast.api.WeightStatus.UnfinishedUpdate;
import dev.weightcast.api.WeightTransferConfig;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A worker says which weights it holds, and never calls half-loaded ones an update. */
class WeightStatusTest {

  /** Each tensor is a bucket of its own. */
  private static final Packing PACKING = Packing.packed(1, 1);

  private static final WeightLoader NOTHING = (views, stream, deadline) -> {};

  private Fleet fleet;

  @BeforeEach
  void join() throws Exception {
    fleet = Fleet.joined(1, WeightTransferConfig.defaults(), info -> info.withPacking(PACKING));
  }

  @AfterEach
  void close() {
    fleet.close();
  }

  @Test
  void aVersionIsCurrentWhenTheUpdateIsFinishedAndNotBefore() throws Exception {
    assertThat(status()).isEqualTo(new WeightStatus("default", Set.of(), Optional.empty()));
    fleet.workers.get(0).startWeightUpdate();
    Future<TransferReport> send = send("step-1", "a", "b");
    assertThat(receive(NOTHING, "a", "b").version()).contains("step-1");
    assertThat(Fleet.result(send).version()).contains("step-1");
    assertThat(status().version()).isEqualTo("default");
    assertThat(status().mixedTensors()).containsExactly("a", "b");
    assertThat(status().unfinished())
        .contains(new UnfinishedUpdate(Optional.of("step-1"), 2, 2, 20, 20, Optional.empty()));
    fleet.workers.get(0).finishWeightUpdate();
    assertThat(status()).isEqualTo(new WeightStatus("step-1", Set.of(), Optional.empty()));
    assertThat(status()).hasToString("version 'step-1'");
  }

  @Test
  void theControlPlaneHasTheLastWordAndUnnamedUpdatesAreCounted() throws Exception {
    update("announced", "a");
    assertThat(status().version()).isEqualTo("announced");
    fleet.workers.get(0).startWeightUpdate();
    Future<TransferReport> send = send("announced-2", "a");
    receive(NOTHING, "a");
    Fleet.result(send);
    fleet.workers.get(0).finishWeightUpdate("from-the-control-plane");
    assertThat(status().version()).isEqualTo("from-the-control-plane");
    update(null, "a");
    assertThat(status().version()).isEqualTo("unnamed-1");
    update(null, "a");
    assertThat(status().version()).isEqualTo("unnamed-2");
    fleet.workers.get(0).startWeightUpdate();
    fleet.workers.get(0).finishWeightUpdate();
    assertThat(status().version()).as("nothing was received").isEqualTo("unnamed-2");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a\nb",
        "\u0000",
        "12345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"
      })
  void aVersionThatIsNoLabelIsRefusedAndChangesNothing(String version) {
    assertThatThrownBy(() -> SendOptions.defaults().withVersion(version))
        .isInstanceOf(InvalidInfoException.class)
        .hasMessageStartingWith("a version has ");
    fleet.workers.get(0).startWeightUpdate();
    assertThatThrownBy(() -> fleet.workers.get(0).finishWeightUpdate(version))
        .isInstanceOf(InvalidInfoException.class);
    assertThat(fleet.workers.get(0).state()).isEqualTo(EngineState.UPDATING);
  }

  @Test
  void anUpdateThatFailsInTheMiddleLeavesMixedWeightsUntilAnotherHasCoveredThem() throws Exception {
    update("step-1", "a", "b", "c");
    failAtThird("step-2");
    assertThat(status().version()).isEqualTo("step-1");
    assertThat(status().isMixed()).isTrue();
    assertThat(status().mixedTensors()).containsExactly("a", "b", "c");
    UnfinishedUpdate failed = status().unfinished().orElseThrow();
    assertThat(failed.version()).contains("step-2");
    assertThat(failed.tensors()).isEqualTo(4);
    assertThat(failed.bytes()).isEqualTo(40);
    assertThat(failed.tensorsLoaded()).isEqualTo(2);
    assertThat(failed.bytesLoaded()).isEqualTo(20);
    assertThat(failed.failure().orElseThrow()).contains("the loader: no such layer");
    assertThat(status().toString())
        .startsWith(
            "version 'step-1', mixed: 3 tensors are of another update; an update to 'step-2'"
                + " failed after 2 of 4 tensors, 20 of 40 bytes loaded: receiveWeights failed: the"
                + " loader: no such layer");
    joinAgain();
    update("part", "b", "a");
    assertThat(status().version()).isEqualTo("part");
    assertThat(status().mixedTensors()).containsExactly("c");
    assertThat(status().unfinished()).contains(failed);
    update("step-3", "a", "b", "c", "d");
    assertThat(status()).isEqualTo(new WeightStatus("step-3", Set.of(), Optional.empty()));
  }

  @Test
  void anUpdateThatWasRefusedLeavesTheWeightsAsTheyWere() throws Exception {
    update("step-1", "a");
    fleet.workers.get(0).startWeightUpdate();
    Future<TransferReport> send = send("step-2", "a", "b");
    assertThatThrownBy(() -> receive(NOTHING, "a", "c")).isInstanceOf(RuntimeException.class);
    assertThatThrownBy(() -> Fleet.result(send)).isInstanceOf(RuntimeException.class);
    assertThat(status().version()).isEqualTo("step-1");
    assertThat(status().isMixed()).isFalse();
    assertThat(status().unfinished().orElseThrow().failure().orElseThrow())
        .contains("tensor 2 differs in name");
    joinAgain();
    update("step-3", "a");
    assertThat(status().unfinished()).isEmpty();
  }

  @Test
  void aFailureThatTouchesNothingDoesNotHideOneThatDid() throws Exception {
    failAtThird("step-2");
    UnfinishedUpdate failed = status().unfinished().orElseThrow();
    joinAgain();
    fleet.workers.get(0).startWeightUpdate();
    send("step-3", "a");
    assertThatThrownBy(() -> receive(NOTHING, "b")).isInstanceOf(RuntimeException.class);
    assertThat(status().unfinished()).contains(failed);
    assertThat(status().mixedTensors()).containsExactly("a", "b", "c");
  }

  @Test
  void whatAnEarlierPartOfAFailedUpdateBroughtIsMixedToo() throws Exception {
    fleet.workers.get(0).startWeightUpdate();
    Future<TransferReport> first = send("step-1", "x", "y");
    receive(NOTHING, "x", "y");
    Fleet.result(first);
    send("step-1", "z");
    assertThatThrownBy(() -> receive(failingAt(1), "z")).isInstanceOf(RuntimeException.class);
    assertThat(status().mixedTensors()).containsExactly("x", "y", "z");
    assertThat(status().unfinished().orElseThrow().tensorsLoaded()).isEqualTo(2);
    assertThatThrownBy(() -> fleet.workers.get(0).finishWeightUpdate())
        .isInstanceOf(EngineStateException.class);
    assertThat(status().version()).isEqualTo("default");
  }

  @Test
  void closingInTheMiddleOfAnUpdateIsAFailureToo() throws Exception {
    fleet.workers.get(0).startWeightUpdate();
    Future<TransferReport> send = send("step-1", "a");
    receive(NOTHING, "a");
    Fleet.result(send);
    fleet.workers.get(0).close();
    assertThat(status().version()).isEqualTo("default");
    assertThat(status().mixedTensors()).containsExactly("a");
    assertThat(status().unfinished().orElseThrow().failure())
        .contains("the engine was closed in the middle of the update");
  }

  private WeightStatus status() {
    return fleet.workers.get(0).weightStatus();
  }

  private void update(String version, String... names) throws Exception {
    fleet.workers.get(0).startWeightUpdate();
    Future<TransferReport> send = send(version, names);
    receive(NOTHING, names);
    Fleet.result(send);
    fleet.workers.get(0).finishWeightUpdate();
  }

  private void failAtThird(String version) {
    fleet.workers.get(0).startWeightUpdate();
    Future<TransferReport> send = send(version, "a", "b", "c", "d");
    assertThatThrownBy(() -> receive(failingAt(3), "a", "b", "c", "d"))
        .hasMessageContaining("no such layer");
    assertThatThrownBy(() -> Fleet.result(send)).hasMessageContaining("no such layer");
  }

  private static WeightLoader failingAt(int call) {
    int[] calls = new int[1];
    return (views, stream, deadline) -> {
      calls[0]++;
      if (calls[0] == call) {
        throw new IllegalStateException("no such layer");
      }
    };
  }

  private void joinAgain() throws Exception {
    fleet.info =
        BroadcastInitInfo.ofUniqueId(fleet.trainer.createUniqueId(), 2)
            .withRankOffset(1)
            .withPacking(PACKING);
    fleet.join();
  }

  private Future<TransferReport> send(String version, String... names) {
    SendOptions options =
        version == null ? SendOptions.defaults() : SendOptions.defaults().withVersion(version);
    WeightSource source = WeightSource.of(RandomModel.filled(specs(names), new Random(1)));
    return fleet.start(() -> fleet.trainer.sendWeights(source, options));
  }

  private TransferReport receive(WeightLoader loader, String... names) {
    return fleet.workers.get(0).receiveWeights(BroadcastUpdateInfo.of(specs(names)), loader);
  }

  private static List<TensorSpec> specs(String... names) {
    return Arrays.stream(names)
        .map(name -> new TensorSpec(name, DataType.UINT8, Shape.of(10)))
        .toList();
  }
}
