package dev.weightcast.safetensors;

import static dev.weightcast.safetensors.RawFile.entry;
import static dev.weightcast.safetensors.RawFile.header;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.DataType;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is unusual and right all the same. */
class GoodFileTest {

  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void name() {
    file = directory.resolve("good.safetensors");
  }

  @Test
  void aFileWithoutTensors() throws IOException {
    RawFile.write(file, "{}", 0);
    SafetensorsSource source = SafetensorsSource.open(file);
    assertThat(source.specs()).isEmpty();
    assertThat(source.metadata()).isEmpty();
    assertThat(source.open().hasNext()).isFalse();
  }

  @Test
  void theOrderOfTheHeaderDoesNotMatter() throws IOException {
    RawFile.write(
        file,
        header(
            entry("late", "U8", "[1]", "[2,3]"),
            entry("z.empty", "F32", "[0]", "[2,2]"),
            entry("early", "U16", "[]", "[0,2]"),
            entry("a.empty", "F32", "[3,0]", "[2,2]")),
        3);
    SafetensorsSource source = SafetensorsSource.open(file);
    assertThat(source.specs())
        .extracting(TensorSpec::name)
        .containsExactly("early", "a.empty", "z.empty", "late");
    assertThat(Tensors.contents(source).values()).containsExactly("0001", "", "", "02");
  }

  @Test
  void paddingAndFieldsOfALaterVersionArePassedOver() throws IOException {
    RawFile.write(
        file,
        "{\"__metadata__\":null,\"a\":{\"new\":{\"x\":[1,{}]},\"dtype\":\"U8\",\"shape\":[],"
            + "\"data_offsets\":[0,1]}}      ",
        1);
    assertThat(SafetensorsSource.open(file).specs())
        .containsExactly(Tensors.spec("a", DataType.UINT8));
  }

  @Test
  void aHeaderOfOddLengthMakesTensorsUnaligned() throws IOException {
    String header = header(entry("a", "F64", "[1]", "[0,8]"));
    RawFile.write(file, header + " ".repeat(7 - header.length() % 8), 8);
    Tensor tensor = SafetensorsSource.open(file).tensor("a");
    assertThat(tensor.isAligned()).isFalse();
    assertThat(Tensors.hex(tensor)).isEqualTo("0001020304050607");
  }

  @Test
  void tensorsAreReadOnlyViewsOfOneMapping() throws IOException {
    RawFile.write(
        file, header(entry("a", "U8", "[2]", "[0,2]"), entry("b", "U8", "[2]", "[2,4]")), 4);
    SafetensorsSource source = SafetensorsSource.open(file);
    Tensor b = source.tensor("b");
    assertThat(b.memory()).isSameAs(source.tensor("a").memory());
    assertThat(b.byteOffset()).isEqualTo(2);
    assertThat(b.memory().byteSize()).isEqualTo(4);
    assertThat(((HostMemory) b.memory()).isReadOnly()).isTrue();
  }

  @Test
  void aSourceOutlivesTheRemovalOfItsFile() throws IOException {
    RawFile.write(file, header(entry("a", "U8", "[2]", "[0,2]")), 2);
    SafetensorsSource source = SafetensorsSource.open(file);
    Files.delete(file);
    assertThat(Tensors.contents(source).values()).containsExactly("0001");
    assertThat(Tensors.contents(source).values()).containsExactly("0001");
  }

  @Test
  void anUnknownNameIsRefusedByName() throws IOException {
    RawFile.write(file, "{}", 0);
    SafetensorsSource source = SafetensorsSource.open(file);
    assertThatThrownBy(() -> source.tensor("nobody"))
        .isInstanceOf(InvalidInfoException.class)
        .hasMessage("'%s' has no tensor 'nobody' among its 0; specs() lists them", file);
    assertThat(source).hasToString("SafetensorsSource['%s', 1 files, 0 tensors, 0 bytes]", file);
  }

  @Test
  void aFileThatIsNotThere() {
    assertThatThrownBy(() -> SafetensorsSource.open(file))
        .isInstanceOf(CheckpointIoException.class)
        .hasMessage("cannot read '%s': '%s' does not exist; check the path", file, file)
        .extracting(e -> ((CheckpointIoException) e).file())
        .isEqualTo(file.toString());
  }

  @Test
  void aPipeIsNotWaitedFor() throws Exception {
    assertThat(new ProcessBuilder("mkfifo", file.toString()).start().waitFor()).isZero();
    assertThatThrownBy(() -> SafetensorsSource.open(file))
        .isInstanceOf(InvalidCheckpointException.class)
        .hasMessage("'%s': not a regular file; give a file on a disk", file);
  }
}
