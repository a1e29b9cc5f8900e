package dev.weightcast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Help that fits on a screen, with an example each. */
class HelpTest {

  static List<List<String>> commands() {
    return List.of(
        List.of(),
        List.of("backends"),
        List.of("send"),
        List.of("receive"),
        List.of("bench"),
        List.of("store"),
        List.of("completion"));
  }

  @ParameterizedTest
  @MethodSource("commands")
  void helpFitsOnAScreenAndHasAnExample(List<String> command) {
    List<String> words = new java.util.ArrayList<>(command);
    words.add("--help");
    Shell.Result help = Shell.run(words.toArray(String[]::new));
    assertThat(help.code()).isZero();
    assertThat(help.err()).isEmpty();
    assertThat(help.out().lines()).hasSizeLessThanOrEqualTo(24);
    assertThat(help.out().lines()).allMatch(line -> line.length() <= 90);
    assertThat(help.out()).startsWith("usage: weightcast").contains("Example: ");
  }

  @Test
  void theVersionIsSaid() {
    Shell.Result result = Shell.run("--version");
    assertThat(result.code()).isZero();
    assertThat(result.out()).startsWith("weightcast ").contains("Java ");
  }

  @Test
  void everyExitCodeIsInTheHelp() {
    assertThat(Shell.run("--help").out())
        .contains(
            ExitCode.OK + " done",
            ExitCode.FAILED + " failed",
            ExitCode.USAGE + " usage",
            ExitCode.UNAVAILABLE + " backend cannot run",
            ExitCode.MISMATCH + " bytes differ",
            ExitCode.INTERRUPTED + " Ctrl-C");
  }

  @Test
  void theCompletionKnowsCommandsAndOptions() {
    Shell.Result result = Shell.run("completion");
    assertThat(result.code()).isZero();
    assertThat(result.out())
        .contains(
            "weightcast",
            "backends send receive bench store completion",
            "--world-size",
            "--checksums");
  }
}
