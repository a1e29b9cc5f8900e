package dev.weightcast.consumer.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.CopyingWeightLoader;
import dev.weightcast.api.EngineState;
import dev.weightcast.api.Packing;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TrainerWeightTransferEngine;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferReport;
import dev.weightcast.api.TransferTimeoutException;
import dev.weightcast.api.WeightLoader;
import dev.weightcast.api.WeightSource;
import dev.weightcast.api.WeightTransferConfig;
import dev.weightcast.api.WeightTransferEngine;
import dev.weightcast.backend.loopback.FaultInjection;
import dev.weightcast.backend.loopback.FaultPlan;
import dev.weightcast.backend.loopback.LeakAccount;
import dev.weightcast.backend.loopback.VirtualClock;
import dev.weightcast.core.WeightTransfer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What docs/testing.md shows. */
class FaultsTest {

  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final LeakAccount account = LeakAccount.open();
  private final VirtualClock clock = new VirtualClock();
  private final WeightTransfer transfer =
      WeightTransfer.builder()
          .backend("loopback")
          .config(WeightTransferConfig.defaults().withTimeSource(clock))
          .build();
  private final TrainerWeightTransferEngine<BroadcastInitInfo> trainer =
      transfer.broadcastTrainer();
  private final WeightTransferEngine<BroadcastInitInfo, BroadcastUpdateInfo> worker =
      transfer.broadcastWorker();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Executor background = threads;
  private final List<Tensor> weights = Model.random(17);
  private final List<Tensor> held = Model.blank();

  private BroadcastInitInfo newGroup() {
    return BroadcastInitInfo.ofUniqueId(trainer.createUniqueId(), 2)
        .withRankOffset(1)
        .withPacking(Packing.packed(1000, 2));
  }

  private CompletableFuture<TransferReport> train(BroadcastInitInfo group) {
    return CompletableFuture.supplyAsync(
        () -> {
          trainer.initTransferEngine(group);
          return trainer.sendWeights(WeightSource.of(weights));
        },
        background);
  }

  private CompletableFuture<TransferReport> serve(BroadcastInitInfo group, WeightLoader loader) {
    return CompletableFuture.supplyAsync(
        () -> {
          worker.initTransferEngine(group);
          worker.startWeightUpdate();
          var report = worker.receiveWeights(BroadcastUpdateInfo.of(Model.SPECS), loader);
          worker.finishWeightUpdate();
          return report;
        },
        background);
  }

  @AfterEach
  void closeAndCount() {
    worker.close();
    trainer.close();
    threads.shutdownNow();
    account.assertNothingLeft(Duration.ofSeconds(10));
  }

  @Test
  void aWorkerIsTrainedAgainAfterItsTrainerDied() throws Exception {
    BroadcastInitInfo group = newGroup();
    FaultPlan plan = FaultPlan.builder().kill(0, 2).build(); // rank 0 dies at the second bucket
    try (FaultInjection faults = plan.injectAt(group)) {
      var sent = train(group);
      var received = serve(group, CopyingWeightLoader.into(held));
      assertThatThrownBy(received::join).hasCauseInstanceOf(TransferException.class);
      assertThatThrownBy(sent::join).hasMessageContaining("rank 0 was killed at bucket 2");
      assertThat(faults.notInjected()).isEmpty();
    }
    assertThat(worker.state()).isEqualTo(EngineState.FAILED);

    BroadcastInitInfo next = newGroup();
    var sent = train(next);
    serve(next, CopyingWeightLoader.into(held)).join();
    sent.join();
    assertThat(Model.bytes(held)).isEqualTo(Model.bytes(weights));
  }

  @Test
  void theDefaultDeadlineEndsTheWaitForATrainerThatIsSilent() throws Exception {
    BroadcastInitInfo group = newGroup();
    FaultPlan plan = FaultPlan.builder().killSilently(0, 2).build();
    try (FaultInjection faults = plan.injectAt(group)) {
      var sent = train(group);
      var received = serve(group, CopyingWeightLoader.into(held));
      assertThatThrownBy(sent::join).isInstanceOf(CompletionException.class);

      clock.advanceUntil(received::isDone, MINUTE, Duration.ofSeconds(30));
      assertThatThrownBy(received::join)
          .hasCauseInstanceOf(TransferTimeoutException.class)
          .hasMessageContaining("within PT5M");
      assertThat(faults.notInjected()).isEmpty();
    }
  }

  @Test
  void aSlowLoaderOnlyTakesTime() throws Exception {
    BroadcastInitInfo group = newGroup();
    FaultPlan plan = FaultPlan.builder().slowLoader(1, 2, MINUTE).delay(0, 3, MINUTE).build();
    try (FaultInjection faults = plan.injectAt(group)) {
      var sent = train(group);
      var received = serve(group, faults.loader(1, CopyingWeightLoader.into(held)));
      clock.advanceUntil(
          () -> faults.notInjected().isEmpty(), Duration.ofSeconds(1), Duration.ofSeconds(30));
      clock.advance(MINUTE);
      received.join();
      sent.join();
    }
    assertThat(Model.bytes(held)).isEqualTo(Model.bytes(weights));
  }

  @Test
  void whateverGoesWrongTheWorkerIsNotLeftHanging() throws Exception {
    for (long seed = 0; seed < 20; seed++) {
      BroadcastInitInfo group = newGroup();
      try (FaultInjection faults = FaultPlan.random(seed, 2, 3).injectAt(group)) {
        var sent = train(group);
        var received = serve(group, faults.loader(1, CopyingWeightLoader.into(held)));
        clock.advanceUntil(
            () -> sent.isDone() && received.isDone(), MINUTE, Duration.ofSeconds(30));
      }
    }
  }

  /** Whatever the page shows as Java is here, but for the space in it. */
  @Test
  void thePageShowsWhatIsRunHere() throws Exception {
    Path here = Path.of("").toAbsolutePath();
    String page = Files.readString(here.resolve("../../docs/testing.md"));
    String name = getClass().getName().replace('.', '/') + ".java";
    String source = Files.readString(here.resolve("src/test/java").resolve(name));
    String[] parts = page.split("```java\n");
    assertThat(parts).hasSizeGreaterThan(3);
    for (int i = 1; i < parts.length; i++) {
      String shown = parts[i].substring(0, parts[i].indexOf("```"));
      assertThat(squeezed(source)).contains(squeezed(shown));
    }
  }

  private static String squeezed(String java) {
    return java.replaceAll("\\s+", " ").strip();
  }
}
