package dev.weightcast.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.weightcast.api.BackendNotFoundException;
import dev.weightcast.api.BackendUnavailableException;
import dev.weightcast.spi.Availability;
import org.junit.jupiter.api.Test;

/** Which backend {@code auto} takes, and what it says about the others, word by word. */
class AutoTest {

  private static final Availability.Reason NO_CARD =
      new Availability.Reason("loading the library: UnsatisfiedLinkError: librdma.so", "buy one");

  private final Setup setup = new Setup();

  @Test
  void theHighestPriorityThatCanRunIsTakenAndOneLineSaysSo() {
    FakeProvider best = FakeProvider.named("a.best").priority(30).unavailable(NO_CARD);
    FakeProvider good = FakeProvider.named("a.good").priority(20);
    FakeProvider fair = FakeProvider.named("a.fair").priority(10);
    FakeProvider never = FakeProvider.named("a.never").priority(0);
    setup.with(never, "a.Never", "/lib/never.jar");
    setup.with(fair, "a.Fair", "/lib/fair.jar");
    setup.with(good, "a.Good", "/lib/good.jar");
    setup.with(best, "a.Best", "/lib/best.jar");

    setup.builder().build().broadcastTrainer();

    assertThat(setup.logger.lines)
        .containsExactly(
            "INFO 'auto', the default, takes 'a.good', class a.Good, module a, version 1.0, from"
                + " /lib/good.jar, priority 20"
                + " | not taken: 'a.best', class a.Best, module a, version 1.0, from"
                + " /lib/best.jar; cannot run here: loading the library: UnsatisfiedLinkError:"
                + " librdma.so (hint: buy one)"
                + " | not taken: 'a.fair', class a.Fair, module a, version 1.0, from"
                + " /lib/fair.jar; lower priority 10"
                + " | not taken: 'a.never', class a.Never, module a, version 1.0, from"
                + " /lib/never.jar; priority 0, which 'auto' never takes");
    assertThat(fair.timesTried).isZero();
    assertThat(never.timesTried).isZero();
  }

  @Test
  void ofEqualsTheFirstByNameIsTaken() {
    setup.with(FakeProvider.named("b.two"), "b.Two", "/lib/b.jar");
    setup.with(FakeProvider.named("a.one"), "a.One", "/lib/a.jar");

    setup.asking("auto").broadcastWorker();

    assertThat(setup.logger.lines)
        .containsExactly(
            "INFO 'auto', set by the builder, takes 'a.one', class a.One, module a, version 1.0,"
                + " from /lib/a.jar, priority 10"
                + " | not taken: 'b.two', class b.Two, module b, version 1.0, from /lib/b.jar;"
                + " priority 10 as well, and of equals the first by name is taken");
  }

  @Test
  void theOnlyOneIsSaidToBeTheOnlyOne() {
    setup.with(FakeProvider.named("a.one"), "a.One", "/lib/a.jar");

    setup.withVariable("auto").builder().build().broadcastWorker();

    assertThat(setup.logger.lines)
        .containsExactly(
            "INFO 'auto', set by the environment variable WEIGHTCAST_BACKEND, takes 'a.one', class"
                + " a.One, module a, version 1.0, from /lib/a.jar, priority 10; there is no other");
  }

  @Test
  void theLineStaysOneLineWhateverAReasonHolds() {
    setup.with(
        FakeProvider.named("a.bad")
            .priority(20)
            .unavailable(new Availability.Reason("one\ntwo\r\nthree", "")),
        "a.Bad",
        "/lib/bad.jar");
    setup.with(FakeProvider.named("a.one"), "a.One", "/lib/a.jar");

    setup.builder().build().broadcastWorker();

    assertThat(setup.logger.lines).hasSize(1);
    assertThat(setup.logger.lines.get(0)).contains("one two three").doesNotContain("\n", "\r");
  }

  @Test
  void thoseThatAreTwiceThereBrokenOrBuiltForAnotherSpiArePassedOver() {
    FakeProvider broken = FakeProvider.named("c.broken").priority(40);
    broken.availability =
        () -> {
          throw new IllegalStateException("boom");
        };
    setup.with(FakeProvider.named("a.two").priority(90), "a.Two", "/lib/two-1.jar");
    setup.with(FakeProvider.named("a.two").priority(90), "a.Two", "/lib/two-2.jar");
    setup.with(FakeProvider.named("b.old").builtFor(0).priority(80), "b.Old", "/lib/old.jar");
    setup.with(broken, "c.Broken", "/lib/broken.jar");
    setup.with(FakeProvider.named("d.good").priority(1), "d.Good", "/lib/good.jar");

    setup.builder().build().broadcastWorker();

    assertThat(setup.logger.lines)
        .containsExactly(
            "INFO 'auto', the default, takes 'd.good', class d.Good, module d, version 1.0, from"
                + " /lib/good.jar, priority 1"
                + " | not taken: 'c.broken', class c.Broken, module c, version 1.0, from"
                + " /lib/broken.jar; broken: availability() threw: IllegalStateException: boom"
                + " | not taken: 'a.two', class a.Two, module a, version 1.0, from"
                + " /lib/two-1.jar; its name is there more than once: the same name has class"
                + " a.Two, module a, version 1.0, from /lib/two-2.jar"
                + " | not taken: 'a.two', class a.Two, module a, version 1.0, from"
                + " /lib/two-2.jar; its name is there more than once: the same name has class"
                + " a.Two, module a, version 1.0, from /lib/two-1.jar"
                + " | not taken: 'b.old', class b.Old, module b, version 1.0, from /lib/old.jar;"
                + " built for another version of the SPI: it was built for SPI 0, and this"
                + " Weightcast has SPI 1");
  }

  @Test
  void nothingThereSaysWhatToAdd() {
    assertThatExceptionOfType(BackendNotFoundException.class)
        .isThrownBy(() -> setup.builder().build().broadcastWorker())
        .withMessage(
            """
            No backend was found that 'auto' may take and that can run.
              asked for: 'auto', the default
              found: none
              searched: where the test says
              next: add a backend to the class path or the module path, such as \
            dev.weightcast:weightcast-backend-nccl""");
  }

  @Test
  void onlyPriorityZeroThereIsNotFoundAndSaysWhy() {
    FakeProvider loopback = FakeProvider.named("loopback").priority(0);
    setup.with(loopback, "a.Loop", "/lib/loop.jar");

    assertThatExceptionOfType(BackendNotFoundException.class)
        .isThrownBy(() -> setup.builder().build().broadcastWorker())
        .withMessage(
            """
            No backend was found that 'auto' may take and that can run.
              asked for: 'auto', the default
              found: 'loopback', class a.Loop, module a, version 1.0, from /lib/loop.jar; priority \
            0, which 'auto' never takes
              searched: where the test says
              next: remove the reasons above for the one that is meant, or ask for one by its \
            name""");
    assertThat(loopback.timesTried).isZero();
  }

  @Test
  void noneThatCanRunGivesEveryReasonOfEach() {
    IllegalStateException boom = new IllegalStateException("boom");
    FakeProvider broken = FakeProvider.named("b.broken");
    broken.availability =
        () -> {
          throw boom;
        };
    setup.with(
        FakeProvider.named("a.one")
            .unavailable(NO_CARD, new Availability.Reason("no power either", "")),
        "a.One",
        "/lib/a.jar");
    setup.with(broken, "b.Broken", "/lib/b.jar");

    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(() -> setup.builder().build().broadcastWorker())
        .withMessage(
            """
            No backend was found that 'auto' may take and that can run.
              asked for: 'auto', the default
              found: 'a.one', class a.One, module a, version 1.0, from /lib/a.jar; cannot run here: \
            loading the library: UnsatisfiedLinkError: librdma.so (hint: buy one); no power either
              found: 'b.broken', class b.Broken, module b, version 1.0, from /lib/b.jar; broken: \
            availability() threw: IllegalStateException: boom
              searched: where the test says
              next: remove the reasons above for the one that is meant, or ask for one by its \
            name""")
        .withCause(boom)
        .satisfies(e -> assertThat(e.backend()).isEqualTo("auto"));
    assertThat(setup.logger.lines).isEmpty();
  }
}
