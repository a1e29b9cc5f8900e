package dev.weightcast.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.weightcast.api.BackendException;
import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.InitInfo;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.ParallelConfig;
import dev.weightcast.api.UpdateInfo;
import dev.weightcast.api.WeightTransferConfig;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Engines come out with the infos that they take, or not at all. */
class EnginesTest {

  private record OtherInitInfo() implements InitInfo {
    @Override
    public Map<String, Object> toMap() {
      return Map.of();
    }
  }

  private record OtherUpdateInfo() implements UpdateInfo {
    @Override
    public Map<String, Object> toMap() {
      return Map.of();
    }
  }

  private final FakeProvider provider = FakeProvider.named("nccl");
  private final Setup setup =
      new Setup().with(provider, "example.nccl.Provider", "/lib/nccl.jar").withProperty("nccl");

  @Test
  void theProviderIsToldTheConfigAndThePlace() {
    WeightTransferConfig config =
        WeightTransferConfig.defaults().withTimeout(Duration.ofSeconds(7));
    ParallelConfig parallel = new ParallelConfig(1, 2, 1, 1);
    WeightTransfer transfer = setup.builder().config(config).parallel(parallel).build();

    FakeWorker worker = (FakeWorker) transfer.broadcastWorker();
    FakeTrainer trainer = (FakeTrainer) transfer.broadcastTrainer();

    assertThat(worker.context.config()).isSameAs(config);
    assertThat(worker.context.parallel()).isSameAs(parallel);
    assertThat(trainer.context.config()).isSameAs(config);
  }

  @Test
  void everyCallMakesAFreshEngine() {
    WeightTransfer transfer = setup.builder().build();

    assertThat(transfer.broadcastWorker()).isNotSameAs(transfer.broadcastWorker());
    assertThat(transfer.broadcastTrainer()).isNotSameAs(transfer.broadcastTrainer());
  }

  @Test
  void aWorkerThatTakesAnotherUpdateInfoIsClosedAndNotHandedOut() {
    FakeWorker[] made = new FakeWorker[1];
    provider.worker = context -> made[0] = new FakeWorker(context);

    assertThatExceptionOfType(BackendException.class)
        .isThrownBy(
            () -> setup.builder().build().worker(BroadcastInitInfo.class, OtherUpdateInfo.class))
        .withMessage(
            """
            Backend 'nccl' does not take these infos.
              asked for: 'nccl', set by the system property weightcast.backend
              wanted: a worker for dev.weightcast.api.BroadcastInitInfo and \
            dev.weightcast.core.EnginesTest$OtherUpdateInfo
              found: 'nccl', class example.nccl.Provider, module example.nccl, version 1.0, from \
            /lib/nccl.jar
              takes: dev.weightcast.api.BroadcastInitInfo and \
            dev.weightcast.api.BroadcastUpdateInfo
              next: ask for a worker with the infos that it takes, or for another backend""");
    assertThat(made[0].closed).isTrue();
  }

  @Test
  void aWorkerThatTakesAnotherInitInfoIsNotHandedOut() {
    assertThatExceptionOfType(BackendException.class)
        .isThrownBy(
            () -> setup.builder().build().worker(OtherInitInfo.class, BroadcastUpdateInfo.class))
        .withMessageContaining(
            "wanted: a worker for dev.weightcast.core.EnginesTest$OtherInitInfo and ");
  }

  @Test
  void aTypeAboveTheInfoIsNotEnough() {
    assertThatExceptionOfType(BackendException.class)
        .isThrownBy(() -> setup.builder().build().trainer(InitInfo.class))
        .withMessageContaining("wanted: a trainer for dev.weightcast.api.InitInfo\n");
    assertThatExceptionOfType(BackendException.class)
        .isThrownBy(() -> setup.builder().build().worker(InitInfo.class, BroadcastUpdateInfo.class))
        .withMessageContaining("wanted: a worker for dev.weightcast.api.InitInfo and ");
    assertThatExceptionOfType(BackendException.class)
        .isThrownBy(() -> setup.builder().build().worker(BroadcastInitInfo.class, UpdateInfo.class))
        .withMessageContaining(" and dev.weightcast.api.UpdateInfo\n");
  }

  @Test
  void aTrainerThatTakesAnotherInfoIsClosedAndNotHandedOut() {
    FakeTrainer[] made = new FakeTrainer[1];
    provider.trainer = context -> made[0] = new FakeTrainer(context);

    assertThatExceptionOfType(BackendException.class)
        .isThrownBy(() -> setup.builder().build().trainer(OtherInitInfo.class))
        .withMessage(
            """
            Backend 'nccl' does not take these infos.
              asked for: 'nccl', set by the system property weightcast.backend
              wanted: a trainer for dev.weightcast.core.EnginesTest$OtherInitInfo
              found: 'nccl', class example.nccl.Provider, module example.nccl, version 1.0, from \
            /lib/nccl.jar
              takes: dev.weightcast.api.BroadcastInitInfo
              next: ask for a trainer with the infos that it takes, or for another backend""");
    assertThat(made[0].closed).isTrue();
  }

  @Test
  void whatCloseThrowsIsKeptBesideTheMismatch() {
    IllegalStateException thrown = new IllegalStateException("will not close");
    provider.trainer =
        context ->
            new FakeTrainer(context) {
              @Override
              public void close() {
                throw thrown;
              }
            };

    assertThatExceptionOfType(BackendException.class)
        .isThrownBy(() -> setup.builder().build().trainer(OtherInitInfo.class))
        .satisfies(e -> assertThat(e.getSuppressed()).containsExactly(thrown));
  }

  @Test
  void anEngineThatThrowsTheSameAgainInCloseIsReportedOnce() {
    InvalidInfoException thrown = new InvalidInfoException("not today");
    provider.trainer =
        context ->
            new FakeTrainer(context) {
              @Override
              public Class<BroadcastInitInfo> initInfoType() {
                throw thrown;
              }

              @Override
              public void close() {
                throw thrown;
              }
            };

    assertThatExceptionOfType(InvalidInfoException.class)
        .isThrownBy(() -> setup.builder().build().broadcastTrainer())
        .isSameAs(thrown)
        .satisfies(e -> assertThat(e.getSuppressed()).isEmpty());
  }

  @Test
  void providersThatSomebodyElseMadeAreAsGoodAsFoundOnes() {
    WeightTransfer transfer =
        WeightTransfer.builder().backend("nccl").providers(List.of(provider)).build();

    assertThat(transfer.broadcastWorker()).isInstanceOf(FakeWorker.class);
    assertThat(transfer.explain().searched())
        .isEqualTo("a list of providers, given to the builder");
  }

  @Test
  void aProviderThatMakesNoEngineIsReportedWithItsDeepestText() {
    UnsatisfiedLinkError deepest = new UnsatisfiedLinkError("libnccl.so.2: undefined symbol");
    IllegalStateException thrown = new IllegalStateException("no engine", deepest);
    provider.worker =
        context -> {
          throw thrown;
        };

    assertThatExceptionOfType(BackendException.class)
        .isThrownBy(() -> setup.builder().build().broadcastWorker())
        .withMessage(
            """
            Backend 'nccl' can run, but made no engine for a worker.
              asked for: 'nccl', set by the system property weightcast.backend
              found: 'nccl', class example.nccl.Provider, module example.nccl, version 1.0, from \
            /lib/nccl.jar
              reason: worker(context) threw: UnsatisfiedLinkError: libnccl.so.2: undefined symbol
                hint: install NCCL 2 (package libnccl2), or point the system property nccl.library \
            at libnccl.so.2
              next: follow the hint; failing that, report it to the backend's author, with the cause \
            of this exception""")
        .withCause(thrown);
  }

  @Test
  void aProviderThatReturnsNullIsReported() {
    provider.trainer = context -> null;

    assertThatExceptionOfType(BackendException.class)
        .isThrownBy(() -> setup.builder().build().broadcastTrainer())
        .withMessage(
            """
            Backend 'nccl' can run, but made no engine for a trainer.
              asked for: 'nccl', set by the system property weightcast.backend
              found: 'nccl', class example.nccl.Provider, module example.nccl, version 1.0, from \
            /lib/nccl.jar
              reason: trainer(context) returned null
              next: report it to the backend's author""");
  }

  @Test
  void weightcastsOwnExceptionsComeThroughAsTheyAre() {
    InvalidInfoException thrown = new InvalidInfoException("no device 'cpu:0' for NCCL");
    provider.worker =
        context -> {
          throw thrown;
        };

    assertThatExceptionOfType(InvalidInfoException.class)
        .isThrownBy(() -> setup.builder().build().broadcastWorker())
        .isSameAs(thrown);
  }

  @Test
  void anEngineThatDoesNotSayWhatItTakesIsClosed() {
    FakeWorker[] made = new FakeWorker[1];
    provider.worker =
        context ->
            made[0] =
                new FakeWorker(context) {
                  @Override
                  public Class<BroadcastInitInfo> initInfoType() {
                    throw new IllegalStateException("do not know");
                  }
                };

    assertThatExceptionOfType(BackendException.class)
        .isThrownBy(() -> setup.builder().build().broadcastWorker())
        .withMessageContaining("reason: its engine threw: IllegalStateException: do not know");
    assertThat(made[0].closed).isTrue();
  }
}
