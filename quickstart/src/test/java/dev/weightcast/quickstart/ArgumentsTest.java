package dev.weightcast.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.Packing;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArgumentsTest {

  @Test
  void withoutArgumentsThreeWorkersGetAPackedCheckpointThatIsMadeUp() throws Exception {
    Arguments arguments = Arguments.parse();

    assertThat(arguments.checkpoint()).isEmpty();
    assertThat(arguments.workers()).isEqualTo(3);
    assertThat(arguments.packing()).isEqualTo(Packing.packed(8388608, 2));
    assertThat(arguments.backend()).isEqualTo("loopback");
    assertThat(arguments.help()).isFalse();
  }

  @Test
  void everyOptionIsTaken() throws Exception {
    String line =
        "--checkpoint some/model --workers 5 --buffer-size 5000000000 --num-buffers 3"
            + " --unpacked --backend nccl --seed -4 --help";

    assertThat(Arguments.parse(line.split(" ")))
        .isEqualTo(
            new Arguments(
                Optional.of(Path.of("some/model")),
                5,
                new Packing(false, 5_000_000_000L, 3),
                "nccl",
                -4,
                true));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--wokers 3|unknown argument '--wokers'",
        "model.safetensors|unknown argument 'model.safetensors'",
        "--workers|--workers needs a value",
        "--workers --unpacked|--workers needs a value",
        "--workers three|--workers needs a whole number, found 'three'",
        "--workers 0|--workers must be 1 to 256, found 0",
        "--num-buffers 65|--num-buffers must be 1 to 64, found 65",
        "--buffer-size 0|--buffer-size must be 1 or more, found 0",
        "--buffer-size 1e9|--buffer-size needs a whole number, found '1e9'",
      })
  void aBadArgumentIsNamed(String line, String message) {
    assertThatThrownBy(() -> Arguments.parse(line.split(" ")))
        .isInstanceOf(UsageException.class)
        .hasMessage(message);
  }
}
