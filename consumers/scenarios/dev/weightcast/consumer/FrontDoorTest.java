package dev.weightcast.consumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.BackendNotFoundException;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.EngineState;
import dev.weightcast.api.EngineStateException;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.WeightSource;
import dev.weightcast.core.WeightTransfer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a consumer does with the SDK, through the front door and by name alone. */
class FrontDoorTest {

  private static final boolean MODULES = Boolean.getBoolean("weightcast.consumer.modules");

  @ParameterizedTest
  @CsvSource({"1,true", "2,true", "3,true", "1,false", "2,false", "3,false"})
  void everyWorkerHoldsTheBytesOfTwoUpdates(int workers, boolean packed) throws Exception {
    try (Fleet fleet = new Fleet(workers)) {
      fleet.join(
          Map.of("packed", packed, "packed_buffer_size_bytes", 200, "packed_num_buffers", 2));
      for (long update = 1; update <= 2; update++) {
        var weights = Weights.random(update);
        assertThat(fleet.update(weights))
            .hasSize(workers)
            .allSatisfy(held -> assertThat(Weights.bytes(held)).isEqualTo(Weights.bytes(weights)));
      }
      assertThat(fleet.trainer.state()).isEqualTo(EngineState.READY);
    }
  }

  @Test
  void anUnknownKeyIsNamed() {
    try (Fleet fleet = new Fleet(1)) {
      assertThatThrownBy(() -> fleet.join(Map.of("world_sise", 2)))
          .isInstanceOf(InvalidInfoException.class)
          .hasMessageStartingWith("Invalid init_info: unknown key 'world_sise'");
    }
  }

  @Test
  void listsOfDifferentLengthsAreNamed() {
    Map<String, Object> info = new HashMap<>(BroadcastUpdateInfo.of(Weights.SPECS).toMap());
    info.put("dtype_names", List.of("float32"));
    try (Fleet fleet = new Fleet(1)) {
      assertThatThrownBy(() -> fleet.workers.get(0).parseUpdateInfo(info))
          .isInstanceOf(InvalidInfoException.class)
          .hasMessage("`dtype_names` should be of the same size as `names`: got 1 and 5");
    }
  }

  @Test
  void aRankOutsideTheGroupIsRefusedBeforeAnybodyWaits() {
    try (Fleet fleet = new Fleet(1)) {
      var worker = fleet.workers.get(0);
      Map<String, Object> info =
          Map.of("master_address", "here", "master_port", 29500, "world_size", 2, "rank_offset", 2);
      assertThatThrownBy(() -> worker.initTransferEngine(worker.parseInitInfo(info)))
          .isInstanceOf(InvalidInfoException.class)
          .hasMessageStartingWith("rank 2 is outside the group of world_size 2");
    }
  }

  @Test
  void anEngineThatIsNotInitializedSaysSo() {
    try (Fleet fleet = new Fleet(1)) {
      var worker = fleet.workers.get(0);
      assertThatThrownBy(worker::startWeightUpdate)
          .isInstanceOf(EngineStateException.class)
          .hasMessageContaining("call initTransferEngine first");
      assertThatThrownBy(() -> fleet.trainer.sendWeights(WeightSource.of(Weights.random(1))))
          .isInstanceOf(EngineStateException.class)
          .hasMessageContaining("call initTransferEngine first");
    }
  }

  @Test
  void aClosedEngineStaysClosed() throws Exception {
    Fleet fleet = new Fleet(1);
    fleet.join(Map.of("packed", true));
    fleet.close();
    fleet.close();
    assertThat(fleet.trainer.state()).isEqualTo(EngineState.CLOSED);
    assertThatThrownBy(() -> fleet.trainer.sendWeights(WeightSource.of(Weights.random(1))))
        .isInstanceOf(EngineStateException.class);
  }

  @Test
  void aNameThatNobodyHasIsExplained() {
    WeightTransfer transfer = WeightTransfer.builder().backend("carrier-pigeon").build();
    assertThatThrownBy(transfer::broadcastTrainer)
        .isInstanceOf(BackendNotFoundException.class)
        .hasMessageContaining("carrier-pigeon")
        .hasMessageContaining("loopback");
  }

  /** Without this, both projects could silently run in the same way. */
  @Test
  void ourJarsAreWhereThisProjectPutsThem() {
    WeightTransfer transfer = WeightTransfer.builder().backend("loopback").build();
    assertThat(getClass().getModule().isNamed()).isEqualTo(MODULES);
    assertThat(WeightTransfer.class.getModule().isNamed()).isEqualTo(MODULES);
    assertThat(WeightTransfer.class.getProtectionDomain().getCodeSource().getLocation().getPath())
        .endsWith(".jar");
    assertThat(transfer.backends())
        .singleElement()
        .satisfies(
            found -> {
              assertThat(found.origin().moduleName().isPresent()).isEqualTo(MODULES);
              assertThat(found.toString()).contains("weightcast-backend-loopback-test");
            });
  }
}
