package dev.weightcast.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.weightcast.api.DataType;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShardedDirectoryTest {

  private static final String FIRST = "model-00001-of-00002.safetensors";
  private static final String SECOND = "model-00002-of-00002.safetensors";

  @TempDir Path directory;

  // What is found

  @Test
  void shardsAreReadInTheOrderOfTheirNames() throws IOException {
    List<Tensor> first = write(FIRST, Map.of("format", "pt", "part", "1"), "z", "y");
    List<Tensor> second = write(SECOND, Map.of("format", "pt", "part", "2", "more", "x"), "b", "a");
    index("\"b\":\"%2$s\",\"z\":\"%1$s\",\"a\":\"%2$s\",\"y\":\"./%1$s\"");

    SafetensorsSource source = SafetensorsSource.open(directory);

    assertThat(source.specs()).extracting(TensorSpec::name).containsExactly("y", "z", "a", "b");
    assertThat(source.files()).containsExactly(path(FIRST), path(SECOND));
    assertThat(source.metadata())
        .containsOnly(Map.entry("format", "pt"), Map.entry("part", "1"), Map.entry("more", "x"));
    List<Tensor> all = new ArrayList<>(first);
    all.addAll(second);
    for (Tensor tensor : all) {
      assertThat(Tensors.hex(source.tensor(tensor.name()))).isEqualTo(Tensors.hex(tensor));
    }
  }

  @Test
  void theIndexItselfMayBeGiven() throws IOException {
    write("part.safetensors", Map.of(), "a");
    Path index = path("diffusion.safetensors.index.json");
    Files.writeString(index, "{\"weight_map\":{\"a\":\"part.safetensors\"}}");
    assertThat(SafetensorsSource.open(index).files()).containsExactly(path("part.safetensors"));
  }

  @Test
  void aShardMayBeALinkToAStoreElsewhere(@TempDir Path store) throws IOException {
    write(FIRST, Map.of(), "a");
    Files.move(path(FIRST), store.resolve("blob"));
    Files.createSymbolicLink(path(FIRST), store.resolve("blob"));
    index("\"a\":\"%1$s\"");
    assertThat(SafetensorsSource.open(directory).specs()).hasSize(1);
  }

  @Test
  void theIndexCountsMoreThanFilesItDoesNotName() throws IOException {
    write(FIRST, Map.of(), "a");
    write("model.safetensors", Map.of(), "other");
    index("\"a\":\"%1$s\"");
    assertThat(SafetensorsSource.open(directory).files()).containsExactly(path(FIRST));
  }

  @Test
  void aTotalSizeThatIsWrongIsPassedOver() throws IOException {
    write(FIRST, Map.of(), "a");
    Files.writeString(
        path("model.safetensors.index.json"),
        "{\"metadata\":{\"total_size\":1.5e9,\"x\":[null]},\"weight_map\":{\"a\":\""
            + FIRST
            + "\"}}");
    assertThat(SafetensorsSource.open(directory).specs()).hasSize(1);
  }

  @Test
  void withoutAnIndexTheFileWithTheUsualNameIsTaken() throws IOException {
    write("model.safetensors", Map.of(), "a");
    write("adapter.safetensors", Map.of(), "b");
    assertThat(SafetensorsSource.open(directory).files())
        .containsExactly(path("model.safetensors"));
  }

  @Test
  void withoutEitherTheOnlyFileIsTaken() throws IOException {
    write("adapter.safetensors", Map.of(), "b");
    Files.writeString(path("README.md"), "hello");
    assertThat(SafetensorsSource.open(directory).files())
        .containsExactly(path("adapter.safetensors"));
  }

  // What is refused

  @Test
  void anEmptyDirectory() {
    InvalidCheckpointException e = refused();
    assertThat(e)
        .hasMessage(
            "'%s': the directory has neither model.safetensors.index.json nor model.safetensors,"
                + " and no other *.safetensors; give the file itself, or the directory that has"
                + " the index",
            directory);
    assertThat(e.tensor()).isEmpty();
  }

  @Test
  void severalFilesWithoutAnIndex() throws IOException {
    write(SECOND, Map.of(), "a");
    write(FIRST, Map.of(), "b");
    assertThat(refused()).hasMessageContaining("and 2 files: %s, %s; give", FIRST, SECOND);
  }

  @Test
  void aShardThatIsMissing() throws IOException {
    write(FIRST, Map.of(), "a");
    index("\"a\":\"%1$s\",\"b\":\"%2$s\",\"c\":\"%2$s\"");
    InvalidCheckpointException e = refused();
    assertThat(e)
        .hasMessageContaining("model.safetensors.index.json', tensor 'b': its shard '")
        .hasMessageContaining(SECOND + "' does not exist (2 tensors are said to be in it)");
    assertThat(e.tensor()).contains("b");
  }

  @Test
  void aTensorThatItsShardDoesNotHave() throws IOException {
    write(FIRST, Map.of(), "a");
    index("\"a\":\"%1$s\",\"b\":\"%1$s\"");
    assertThat(refused())
        .hasMessageStartingWith("'" + path(FIRST) + "', tensor 'b': the index '")
        .hasMessageContaining("says it is in this shard, it is not (1 of 2 missing)");
  }

  @Test
  void aTensorThatTheIndexDoesNotHave() throws IOException {
    write(FIRST, Map.of(), "a", "b");
    index("\"a\":\"%1$s\"");
    assertThat(refused())
        .hasMessageStartingWith(
            "'" + path(FIRST) + "', tensor 'b': is in this shard, but the index")
        .hasMessageEndingWith("does not have it");
  }

  @Test
  void aTensorThatIsInTwoShards() throws IOException {
    write(FIRST, Map.of(), "a", "b");
    write(SECOND, Map.of(), "b");
    index("\"a\":\"%1$s\",\"b\":\"%2$s\"");
    assertThat(refused())
        .hasMessageStartingWith(
            "'" + path(FIRST) + "', tensor 'b': is in this shard, but the index")
        .hasMessageEndingWith("places it in '" + path(SECOND) + "'");
  }

  @Test
  void aShardOutsideTheDirectory() throws IOException {
    for (String name : List.of("../x", "sub/../../x", directory + "/x", "..", "")) {
      index("\"a\":\"" + name + "\"");
      assertThat(refused())
          .hasMessageContaining(
              "tensor 'a': its shard '%s' must lie in the directory of the index", name);
    }
    index("\"a\":\"x\\u0000y\"");
    assertThat(refused())
        .hasMessageContaining("its shard 'x\\u0000y' cannot be the name of a file");
    index("\"a\":\".\"");
    assertThat(refused()).hasMessageContaining("not a regular file");
  }

  @Test
  void anIndexThatIsNone() throws IOException {
    assertIndexRefused("[]", "the index must be an object, found '['");
    assertIndexRefused("{}", "the index has no weight_map");
    assertIndexRefused("{\"weight_map\":{}}", "the index has an empty weight_map");
    assertIndexRefused("{\"weight_map\":7}", "weight_map must be an object, found '7'");
    assertIndexRefused("{\"weight_map\":{\"a\":7}}", "tensor 'a': its shard must be a string");
    assertIndexRefused(
        "{\"weight_map\":{\"a\":\"x\",\"a\":\"y\"}}", "weight_map has the name 'a' twice");
    assertIndexRefused("{\"weight_map\":{\"a\":\"x\"}", "the index is not valid JSON");
    assertIndexRefused("", "the index ends in the middle");
    Files.delete(path("model.safetensors.index.json"));
    Files.createDirectory(path("model.safetensors.index.json"));
    assertThat(refused()).hasMessageContaining("the index is not a regular file");
  }

  @Test
  void aShardThatIsDamagedIsNamed() throws IOException {
    write(FIRST, Map.of(), "a");
    Files.writeString(path(SECOND), "short");
    index("\"a\":\"%1$s\",\"b\":\"%2$s\"");
    assertThat(refused()).hasMessageStartingWith("'" + path(SECOND) + "': the file has 5 bytes");
  }

  @Test
  void anIndexThatIsNotThere() {
    Path index = path("x.safetensors.index.json");
    assertThatThrownBy(() -> SafetensorsSource.open(index))
        .isInstanceOf(CheckpointIoException.class)
        .hasMessageContaining("does not exist");
  }

  private void assertIndexRefused(String json, String problem) throws IOException {
    Files.writeString(path("model.safetensors.index.json"), json);
    assertThat(refused())
        .hasMessageStartingWith("'" + path("model.safetensors.index.json") + "'")
        .hasMessageContaining(problem);
  }

  private InvalidCheckpointException refused() {
    InvalidCheckpointException e =
        catchThrowableOfType(
            InvalidCheckpointException.class, () -> SafetensorsSource.open(directory));
    assertThat(e).isNotNull();
    return e;
  }

  private void index(String weightMap) throws IOException {
    Files.writeString(
        path("model.safetensors.index.json"),
        "{\"weight_map\":{" + weightMap.formatted(FIRST, SECOND) + "}}");
  }

  private List<Tensor> write(String file, Map<String, String> metadata, String... names) {
    List<Tensor> tensors = new ArrayList<>();
    for (String name : names) {
      tensors.add(Tensors.random(new Random(name.hashCode()), name, DataType.BFLOAT16, 3, 5));
    }
    SafetensorsWriter.writeFile(path(file), tensors, metadata);
    return tensors;
  }

  private Path path(String name) {
    return directory.resolve(name);
  }
}
