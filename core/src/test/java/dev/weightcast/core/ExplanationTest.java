package dev.weightcast.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.spi.Availability;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What is said of all backends at once, as data and as a text to read. */
class ExplanationTest {

  private final FakeProvider loopback = FakeProvider.named("loopback").priority(0);
  private final IllegalStateException boom = new IllegalStateException("boom");
  private final Setup setup = new Setup();

  private Setup full() {
    return setup
        .with(
            FakeProvider.named("nccl")
                .priority(100)
                .unavailable(Availability.Reason.of("loading CUDA: libcuda.so.1: no such file")),
            "x.Nccl",
            "/lib/nccl.jar")
        .with(loopback, "x.Loop", "/lib/loop.jar")
        .with(FakeProvider.named("a.rdma").priority(50), "a.Rdma", "/lib/rdma.jar")
        .with(FakeProvider.named("b.old").builtFor(0), "b.Old", "/lib/old.jar")
        .with(Backend.failed(Setup.origin("c.Bad", "/lib/bad.jar"), "could not be made", boom));
  }

  @Test
  void theTextSaysWhatIsThereWhatWouldBeChosenAndWhy() {
    assertThat(full().builder().build().explain().text())
        .isEqualTo(
            """
            asked for: 'auto', the default
            searched: where the test says
            backends: 5
              'a.rdma': can run
                class a.Rdma, module a, version 1.0, from /lib/rdma.jar
                built for SPI 1
                priority 50
              'b.old': built for another version of the SPI
                reason: it was built for SPI 0, and this Weightcast has SPI 1
                class b.Old, module b, version 1.0, from /lib/old.jar
                built for SPI 0
              'loopback': can run
                class x.Loop, module x, version 1.0, from /lib/loop.jar
                built for SPI 1
                priority 0
              'nccl': cannot run here
                reason: loading CUDA: libcuda.so.1: no such file
                  hint: no NVIDIA driver is visible here: install it, or give the container access \
            to the GPU
                class x.Nccl, module x, version 1.0, from /lib/nccl.jar
                built for SPI 1
                priority 100
              (no name): broken
                reason: could not be made: IllegalStateException: boom
                class c.Bad, module c, version 1.0, from /lib/bad.jar
            chosen: 'a.rdma'
            why: 'auto', the default, takes 'a.rdma', class a.Rdma, module a, version 1.0, from \
            /lib/rdma.jar, priority 50
                not taken: 'nccl', class x.Nccl, module x, version 1.0, from /lib/nccl.jar; cannot \
            run here: loading CUDA: libcuda.so.1: no such file (hint: no NVIDIA driver is visible \
            here: install it, or give the container access to the GPU)
                not taken: 'loopback', class x.Loop, module x, version 1.0, from /lib/loop.jar; \
            priority 0, which 'auto' never takes
                not taken: 'b.old', class b.Old, module b, version 1.0, from /lib/old.jar; built \
            for another version of the SPI: it was built for SPI 0, and this Weightcast has SPI 1
                not taken: class c.Bad, module c, version 1.0, from /lib/bad.jar; broken: could not \
            be made: IllegalStateException: boom""");
  }

  @Test
  void theTextOfARefusalHasTheMessageOfTheException() {
    assertThat(setup.asking("nccl").explain().text())
        .isEqualTo(
            """
            asked for: 'nccl', set by the builder
            searched: where the test says
            backends: none
            chosen: none
            why: No backend is called 'nccl'.
                asked for: 'nccl', set by the builder
                found: none
                searched: where the test says
                next: add dev.weightcast:weightcast-backend-nccl to the class path or the module \
            path""");
  }

  @Test
  void aRefusalPointsOnlyAtThoseThatCanRun() {
    assertThat(full().asking("d.gone").explain().decision())
        .endsWith("or ask for one that is there: 'a.rdma', 'loopback'");
  }

  @Test
  void theDataHasWhatTheTextHas() {
    Explanation explanation = full().asking("loopback").explain();

    assertThat(explanation.chosen()).map(BackendReport::name).contains(Optional.of("loopback"));
    assertThat(explanation.decision()).isEqualTo("'loopback' is the one asked for");
    assertThat(explanation.backends())
        .extracting(BackendReport::status)
        .containsExactly(
            BackendStatus.AVAILABLE,
            BackendStatus.INCOMPATIBLE,
            BackendStatus.AVAILABLE,
            BackendStatus.UNAVAILABLE,
            BackendStatus.BROKEN);
    assertThat(explanation.backends().get(3).problems())
        .containsExactly(
            new BackendProblem(
                "loading CUDA: libcuda.so.1: no such file",
                "no NVIDIA driver is visible here: install it, or give the container access to the"
                    + " GPU"));
    assertThat(explanation.backends().get(4).failure()).containsSame(boom);
    assertThat(explanation.backends().get(4).origin())
        .isEqualTo(Setup.origin("c.Bad", "/lib/bad.jar"));
  }

  @Test
  void explainingAsksEachBackendOnceAndListingAsksNone() {
    WeightTransfer transfer = full().builder().build();

    List<BackendReport> listed = transfer.backends();

    assertThat(listed).hasSize(5).first().extracting("status").isEqualTo(BackendStatus.UNTRIED);
    assertThat(loopback.timesTried).isZero();
    assertThat(transfer.explain().setting()).isEqualTo(transfer.setting());
    assertThat(loopback.timesTried).isEqualTo(1);
    assertThat(setup.logger.lines).isEmpty();
  }

  @Test
  void whatAProviderThrowsIsInTheExplanationAndNotThrown() {
    FakeProvider broken = FakeProvider.named("x");
    broken.priority =
        () -> {
          throw boom;
        };

    BackendReport report =
        setup.with(broken, "x.X", "/lib/x.jar").asking("x").explain().backends().get(0);

    assertThat(report.status()).isEqualTo(BackendStatus.BROKEN);
    assertThat(report.failure()).containsSame(boom);
    assertThat(report.problems())
        .containsExactly(BackendProblem.of("priority() threw: IllegalStateException: boom"));
  }

  @Test
  void whatItRunsOnIsTold() {
    FakeProvider provider = FakeProvider.named("x");
    provider.details = () -> Map.of("driver", "580.65.06");

    Explanation told = setup.with(provider, "x.X", "/lib/x.jar").asking("x").explain();

    assertThat(told.backends().get(0).details()).containsEntry("driver", "580.65.06");
    assertThat(told.text()).contains("'x': can run\n    driver: 580.65.06\n    class x.X");
  }

  @Test
  void aProviderThatCannotTellLosesNothingElse() {
    FakeProvider provider = FakeProvider.named("x");
    provider.details =
        () -> {
          throw boom;
        };

    BackendReport report =
        setup.with(provider, "x.X", "/lib/x.jar").asking("x").explain().backends().get(0);

    assertThat(report.status()).isEqualTo(BackendStatus.AVAILABLE);
    assertThat(report.details()).containsEntry("details", "details() threw");
  }
}
