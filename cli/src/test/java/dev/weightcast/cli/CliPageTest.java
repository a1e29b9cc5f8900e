package dev.weightcast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** docs/cli.md knows every command, option and exit code. */
class CliPageTest {

  private static final Path PAGE = Path.of("../docs/cli.md");

  @Test
  void everyCommandAndOptionIsOnThePage() throws IOException {
    String page = Files.readString(PAGE);
    CommandLine commands = Main.commands(Shell.ofLog().terminal());
    for (CommandLine command : commands.getSubcommands().values()) {
      assertThat(page).contains("weightcast " + command.getCommandName());
      for (var option : command.getCommandSpec().options()) {
        if (!option.inherited()) {
          assertThat(page).contains(option.longestName());
        }
      }
    }
    assertThat(page).contains("--help", "--verbose");
  }

  @Test
  void everyExitCodeIsOnThePage() throws IOException {
    assertThat(Files.readString(PAGE))
        .contains(
            "| " + ExitCode.OK + " | done |",
            "| " + ExitCode.FAILED + " | a transfer failed",
            "| " + ExitCode.USAGE + " | the command line",
            "| " + ExitCode.UNAVAILABLE + " | the backend",
            "| " + ExitCode.MISMATCH + " | bytes arrived",
            "| " + ExitCode.INTERRUPTED + " | Ctrl-C");
  }
}
