package dev.weightcast.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.DataType;
import dev.weightcast.api.Shape;
import dev.weightcast.api.TensorSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpecListTest {

  @TempDir private Path folder;

  @Test
  void aListOfTensorsIsRead() throws IOException {
    Path file = write("[[\"a\", \"bfloat16\", [2, 3]],\n [\"s\", \"int64\", []]]");
    assertThat(SpecList.read(file))
        .containsExactly(
            new TensorSpec("a", DataType.BFLOAT16, Shape.of(2, 3)),
            new TensorSpec("s", DataType.INT64, Shape.scalar()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{}|tensor 1, line 1: the file must be a list of [name, dtype, [dimensions…]]",
        "[]|lists no tensors",
        "[1]|tensor 1, line 1: it must be [name, dtype, [dimensions…]]",
        "[[1, 'int8', []]]|tensor 1, line 1: its name must be a string",
        "[['a', 8, []]]|tensor 1, line 1: its dtype must be a string",
        "[['a', 'int8', 4]]|tensor 1, line 1: its shape must be a list",
        "[['a', 'int8', [1.5]]]|tensor 1, line 1: dimensions must be whole numbers",
        "[['a', 'int8', [1], 2]]|tensor 1, line 1: nothing may follow its shape",
        "[['a', 'int8', [1]], ['a', 'int8', [1]]]|tensor 2, line 1: the name 'a' is there twice",
        "[['a', 'int8', [1]]] 1|tensor 2, line 1: something follows the list",
        "[['a', 'int7', [1]]]|tensor 1, line 1: unknown dtype 'int7'; known are",
        "[['a', 'int8', [-1]]]|tensor 1, line 1: ",
        "[['a', 'int8', [1]|is not valid JSON in line 1: Unexpected end-of-input"
      })
  void whatIsWrongIsNamedWithItsPlace(String text, String message) throws IOException {
    Path file = write(text.replace('\'', '"'));
    String expected = message.replace("'a'", "'a'");
    assertThatThrownBy(() -> SpecList.read(file))
        .isInstanceOf(UsageException.class)
        .hasMessageStartingWith("--specs: '" + file + "'")
        .hasMessageContaining(expected);
  }

  @Test
  void aFileThatIsNotThereIsNamed() {
    Path file = folder.resolve("none.json");
    assertThatThrownBy(() -> SpecList.read(file))
        .isInstanceOf(UsageException.class)
        .hasMessage("--specs: there is no file '" + file + "'");
  }

  private Path write(String text) throws IOException {
    return Files.writeString(folder.resolve("specs.json"), text);
  }
}
