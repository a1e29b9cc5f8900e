package dev.weightcast.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.weightcast.api.BackendException;
import dev.weightcast.api.BackendNotFoundException;
import dev.weightcast.api.BackendUnavailableException;
import dev.weightcast.api.DuplicateBackendException;
import dev.weightcast.api.IncompatibleBackendException;
import dev.weightcast.spi.Availability;
import example.outside.OutsideProvider;
import org.junit.jupiter.api.Test;

/** What comes of asking for one backend by its name, word by word. */
class BackendByNameTest {

  private final Setup setup = new Setup();

  @Test
  void theOneThatWasAskedForIsTakenAndNoOtherIsTried() {
    FakeProvider other = FakeProvider.named("other").priority(100);
    setup.with(FakeProvider.named("nccl"), "example.nccl.Provider", "/lib/nccl.jar");
    setup.with(other, "example.other.Provider", "/lib/other.jar");

    assertThat(setup.asking("nccl").broadcastTrainer()).isInstanceOf(FakeTrainer.class);
    assertThat(other.timesTried).isZero();
    assertThat(setup.logger.lines)
        .containsExactly(
            "DEBUG 'nccl' is the one asked for: 'nccl', class example.nccl.Provider, module"
                + " example.nccl, version 1.0, from /lib/nccl.jar");
  }

  @Test
  void aMissingBackendOfOursIsAnsweredWithItsArtifact() {
    setup.with(FakeProvider.named("loopback"), "example.loop.Provider", "/lib/loop.jar");

    assertThatExceptionOfType(BackendNotFoundException.class)
        .isThrownBy(() -> setup.withProperty("nccl").builder().build().broadcastWorker())
        .withMessage(
            """
            No backend is called 'nccl'.
              asked for: 'nccl', set by the system property weightcast.backend
              found: 'loopback', class example.loop.Provider, module example.loop, version 1.0, \
            from /lib/loop.jar
              searched: where the test says
              next: add dev.weightcast:weightcast-backend-nccl to the class path or the module \
            path, or ask for one that is there: 'loopback'""")
        .satisfies(e -> assertThat(e.backend()).isEqualTo("nccl"));
  }

  @Test
  void theMissingLoopbackIsAnsweredWithItsArtifact() {
    assertThatExceptionOfType(BackendNotFoundException.class)
        .isThrownBy(() -> setup.asking("loopback").broadcastWorker())
        .withMessage(
            """
            No backend is called 'loopback'.
              asked for: 'loopback', set by the builder
              found: none
              searched: where the test says
              next: add dev.weightcast:weightcast-backend-loopback-test to the class path or the \
            module path""");
  }

  @Test
  void aMissingBackendOfOthersIsAnsweredWithAllThatAreThere() {
    setup.with(FakeProvider.named("example.b"), "example.b.Provider", "/lib/b.jar");
    setup.with(FakeProvider.named("example.a"), "example.a.Provider", "/lib/a.jar");

    assertThatExceptionOfType(BackendNotFoundException.class)
        .isThrownBy(() -> setup.withVariable("example.rdma").builder().build().broadcastWorker())
        .withMessage(
            """
            No backend is called 'example.rdma'.
              asked for: 'example.rdma', set by the environment variable WEIGHTCAST_BACKEND
              found: 'example.a', class example.a.Provider, module example.a, version 1.0, from \
            /lib/a.jar
              found: 'example.b', class example.b.Provider, module example.b, version 1.0, from \
            /lib/b.jar
              searched: where the test says
              next: add the jar that has 'example.rdma' to the class path or the module path, or \
            ask for one that is there: 'example.a', 'example.b'""");
  }

  @Test
  void aNameInCapitalsIsAnsweredWithTheRightOne() {
    setup.with(FakeProvider.named("nccl"), "example.nccl.Provider", "/lib/nccl.jar");

    assertThatExceptionOfType(BackendNotFoundException.class)
        .isThrownBy(() -> setup.asking("NCCL").broadcastWorker())
        .withMessageEndingWith("next: ask for 'nccl': names are written in lower case");
  }

  @Test
  void whatCouldNotBeLoadedIsListedAndKeptAsTheCause() {
    Throwable first = new IllegalStateException("outer", new UnsatisfiedLinkError("deepest"));
    Throwable second = new NoClassDefFoundError("com/example/Gone");
    setup.with(Backend.failed(Setup.origin("a.One", "/lib/a.jar"), "could not be made", first));
    setup.with(Backend.failed(BackendOrigin.UNKNOWN, "could not be loaded", second));

    assertThatExceptionOfType(BackendNotFoundException.class)
        .isThrownBy(() -> setup.asking("example.rdma").broadcastWorker())
        .withMessage(
            """
            No backend is called 'example.rdma'.
              asked for: 'example.rdma', set by the builder
              found: class a.One, module a, version 1.0, from /lib/a.jar; broken: could not be \
            made: UnsatisfiedLinkError: deepest
              found: unknown class, from an unknown place; broken: could not be loaded: \
            NoClassDefFoundError: com/example/Gone
              searched: where the test says
              next: if a broken one is meant, mend that; otherwise add the jar that has \
            'example.rdma' to the class path or the module path""")
        .withCause(first)
        .satisfies(e -> assertThat(e.getSuppressed()).containsExactly(second));
  }

  @Test
  void twoOfTheSameNameAreBothRefused() {
    FakeProvider one = FakeProvider.named("nccl");
    setup.with(one, "example.nccl.Provider", "/lib/nccl-1.jar");
    setup.with(FakeProvider.named("nccl"), "example.nccl.Provider", "/lib/nccl-2.jar");

    assertThatExceptionOfType(DuplicateBackendException.class)
        .isThrownBy(() -> setup.asking("nccl").broadcastWorker())
        .withMessage(
            """
            2 backends are called 'nccl', and none of them is taken.
              asked for: 'nccl', set by the builder
              found: 'nccl', class example.nccl.Provider, module example.nccl, version 1.0, from \
            /lib/nccl-1.jar
              found: 'nccl', class example.nccl.Provider, module example.nccl, version 1.0, from \
            /lib/nccl-2.jar
              next: remove all but one of these jars""");
    assertThat(one.timesTried).isZero();
  }

  @Test
  void theSameClassOfTheSameJarTwiceIsOneBackend() {
    setup.with(FakeProvider.named("nccl"), "example.nccl.Provider", "/lib/nccl.jar");
    setup.with(FakeProvider.named("nccl"), "example.nccl.Provider", "/lib/nccl.jar");

    assertThat(setup.asking("nccl").broadcastWorker()).isInstanceOf(FakeWorker.class);
    assertThat(setup.asking("nccl").backends()).hasSize(1);
  }

  @Test
  void oneThatCannotRunGivesEveryReasonAndItsHint() {
    setup.with(
        FakeProvider.named("nccl")
            .unavailable(
                Availability.Reason.of(
                    "loading CUDA",
                    new UnsatisfiedLinkError(
                        "libcuda.so.1: cannot open shared object file: No such file")),
                new Availability.Reason("the moon is in the wrong phase", "")),
        "example.nccl.Provider",
        "/lib/nccl.jar");

    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(() -> setup.asking("nccl").broadcastWorker())
        .withMessage(
            """
            Backend 'nccl' is there, but cannot run here.
              asked for: 'nccl', set by the builder
              found: 'nccl', class example.nccl.Provider, module example.nccl, version 1.0, from \
            /lib/nccl.jar
              reason: loading CUDA: UnsatisfiedLinkError: libcuda.so.1: cannot open shared object \
            file: No such file
                hint: no NVIDIA driver is visible here: install it, or give the container access \
            to the GPU
              reason: the moon is in the wrong phase
              next: remove every reason above; only 'auto' would try another backend""");
  }

  @Test
  void oneBuiltForANewerSpiSaysBothVersions() {
    setup.with(FakeProvider.named("example.rdma").builtFor(7), "example.Rdma", "/lib/rdma.jar");

    assertThatExceptionOfType(IncompatibleBackendException.class)
        .isThrownBy(() -> setup.asking("example.rdma").broadcastWorker())
        .withMessage(
            """
            Backend 'example.rdma' was built for another version of the SPI.
              asked for: 'example.rdma', set by the builder
              found: 'example.rdma', class example.Rdma, module example, version 1.0, from \
            /lib/rdma.jar
              reason: it was built for SPI 7, and this Weightcast has SPI 1
              next: take a newer Weightcast, with SPI 7, or an older release of the backend, built \
            for SPI 1""");
  }

  @Test
  void oneBuiltForAnOlderSpiSaysBothVersions() {
    setup.with(FakeProvider.named("example.rdma").builtFor(0), "example.Rdma", "/lib/rdma.jar");

    assertThatExceptionOfType(IncompatibleBackendException.class)
        .isThrownBy(() -> setup.asking("example.rdma").broadcastWorker())
        .withMessageContaining("reason: it was built for SPI 0, and this Weightcast has SPI 1")
        .withMessageEndingWith("next: take a newer release of the backend, built for SPI 1");
  }

  @Test
  void oneThatThrowsFromAvailabilityIsBroken() {
    FakeProvider provider = FakeProvider.named("nccl");
    IllegalStateException thrown = new IllegalStateException("boom");
    provider.availability =
        () -> {
          throw thrown;
        };
    setup.with(provider, "example.nccl.Provider", "/lib/nccl.jar");

    assertThatExceptionOfType(BackendException.class)
        .isThrownBy(() -> setup.asking("nccl").broadcastWorker())
        .withMessage(
            """
            Backend 'nccl' is there, but broken.
              asked for: 'nccl', set by the builder
              found: 'nccl', class example.nccl.Provider, module example.nccl, version 1.0, from \
            /lib/nccl.jar
              reason: availability() threw: IllegalStateException: boom
              next: report it to the backend's author, with the cause of this exception""")
        .withCause(thrown);
  }

  @Test
  void oneThatAnswersNullIsBroken() {
    FakeProvider provider = FakeProvider.named("nccl");
    provider.availability = () -> null;
    setup.with(provider, "example.nccl.Provider", "/lib/nccl.jar");

    assertThatExceptionOfType(BackendException.class)
        .isThrownBy(() -> setup.asking("nccl").broadcastWorker())
        .withMessageContaining("reason: availability() returned null");
  }

  @Test
  void oneThatCannotEvenSayItsVersionIsBroken() {
    FakeProvider provider = FakeProvider.named("nccl");
    provider.spiVersion =
        () -> {
          throw new AbstractMethodError("spiVersion()");
        };
    setup.with(provider, "example.nccl.Provider", "/lib/nccl.jar");

    assertThatExceptionOfType(BackendException.class)
        .isThrownBy(() -> setup.asking("nccl").broadcastWorker())
        .withMessageContaining("reason: spiVersion() threw: AbstractMethodError: spiVersion()")
        .withCauseInstanceOf(AbstractMethodError.class);
  }

  @Test
  void aStrangerWithAReservedNameIsRefused() {
    setup.with(new OutsideProvider("nccl"), "example.outside.OutsideProvider", "/lib/x.jar");

    assertThatExceptionOfType(BackendException.class)
        .isThrownBy(() -> setup.asking("nccl").broadcastWorker())
        .withMessage(
            """
            Backend 'nccl' is there, but its name is refused.
              asked for: 'nccl', set by the builder
              found: 'nccl', class example.outside.OutsideProvider, module example.outside, \
            version 1.0, from /lib/x.jar; its name is refused: names without a dot are reserved \
            for Weightcast's own backends, and example.outside.OutsideProvider is not one of them; \
            its author should put a word of their own in front, as in 'example.nccl'
              next: remove that jar and add dev.weightcast:weightcast-backend-nccl to the class \
            path or the module path""");
  }

  @Test
  void aStrangerWithAReservedNameIsNotInTheWayOfItsRightfulOwner() {
    setup.with(new OutsideProvider("nccl"), "example.outside.OutsideProvider", "/lib/x.jar");
    setup.with(FakeProvider.named("nccl"), "example.nccl.Provider", "/lib/nccl.jar");

    assertThat(setup.asking("nccl").broadcastWorker()).isInstanceOf(FakeWorker.class);
    assertThat(setup.logger.lines)
        .last()
        .asString()
        .startsWith(
            "DEBUG beside it: 'nccl', class example.outside.OutsideProvider, module"
                + " example.outside, version 1.0, from /lib/x.jar; its name is refused: ");
  }

  @Test
  void othersThatAreBrokenOrTwiceThereAreMentionedAndNotInTheWay() {
    FakeProvider nameless = FakeProvider.named("x");
    nameless.name =
        () -> {
          throw new IllegalStateException("no name today");
        };
    setup.with(FakeProvider.named("nccl"), "example.nccl.Provider", "/lib/nccl.jar");
    setup.with(FakeProvider.named("two"), "example.Two", "/lib/two-1.jar");
    setup.with(FakeProvider.named("two"), "example.Two", "/lib/two-2.jar");
    setup.with(nameless, "example.Nameless", "/lib/nameless.jar");

    assertThat(setup.asking("nccl").broadcastWorker()).isInstanceOf(FakeWorker.class);
    assertThat(setup.logger.lines)
        .containsExactly(
            "DEBUG 'nccl' is the one asked for: 'nccl', class example.nccl.Provider, module"
                + " example.nccl, version 1.0, from /lib/nccl.jar",
            "DEBUG beside it: 'two', class example.Two, module example, version 1.0, from"
                + " /lib/two-1.jar; its name is there more than once: the same name has class"
                + " example.Two, module example, version 1.0, from /lib/two-2.jar",
            "DEBUG beside it: 'two', class example.Two, module example, version 1.0, from"
                + " /lib/two-2.jar; its name is there more than once: the same name has class"
                + " example.Two, module example, version 1.0, from /lib/two-1.jar",
            "DEBUG beside it: class example.Nameless, module example, version 1.0, from"
                + " /lib/nameless.jar; broken: name() threw: IllegalStateException: no name today");
  }
}
