package dev.weightcast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BackendsTest {

  @Test
  void aBackendThatCanRunGivesZero() {
    Shell.Result result = Shell.run("backends", "--backend", "loopback");
    assertThat(result.code()).isZero();
    assertThat(result.out())
        .contains(
            "asked for: 'loopback', set by the builder",
            "'loopback': can run",
            "'nccl': ",
            "chosen: 'loopback'");
  }

  @Test
  void oneThatIsNotThereGivesThree() {
    Shell.Result result = Shell.run("backends", "--backend", "smoke-signals");
    assertThat(result.code()).isEqualTo(ExitCode.UNAVAILABLE);
    assertThat(result.out()).contains("chosen: none", "No backend is called 'smoke-signals'.");
    assertThat(result.err()).isEmpty();
  }

  @Test
  void machinesGetOneLine() {
    Shell.Result result = Shell.run("backends", "--backend", "loopback", "--json");
    assertThat(result.code()).isZero();
    assertThat(result.out().lines()).hasSize(1);
    assertThat(result.out())
        .startsWith("{\"command\":\"backends\",\"ok\":true,")
        .contains(
            "\"chosen\":\"loopback\"",
            "\"name\":\"nccl\"",
            "\"class\":\"dev.weightcast.backend.loopback.LoopbackProvider\"",
            "\"jar\":\"",
            "\"reasons\":[");
  }
}
