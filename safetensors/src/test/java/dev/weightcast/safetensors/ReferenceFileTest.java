package dev.weightcast.safetensors;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.api.DataType;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.Shape;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file that the reference implementation wrote; see generate.py beside it. */
class ReferenceFileTest {

  private static final Map<String, String> METADATA = Map.of("format", "pt");

  @Test
  void everyTensorIsReadAsItWasWritten() throws Exception {
    SafetensorsSource source = SafetensorsSource.open(resource("reference.safetensors"));
    List<Tensor> expected = table();

    assertThat(source.metadata()).isEqualTo(METADATA);
    assertThat(source.specs())
        .containsExactlyInAnyOrderElementsOf(expected.stream().map(Tensor::spec).toList());
    for (Tensor tensor : expected) {
      Tensor read = source.tensor(tensor.name());
      assertThat(Tensors.hex(read)).as(tensor.name()).isEqualTo(Tensors.hex(tensor));
      assertThat(read.isAligned()).as(tensor.name()).isTrue();
    }
  }

  @Test
  void everyTypeIsInTheFile() throws Exception {
    assertThat(SafetensorsSource.open(resource("reference.safetensors")).specs())
        .extracting(TensorSpec::dataType)
        .contains(DataType.values());
  }

  @Test
  void theOrderIsThatOfTheData() throws Exception {
    SafetensorsSource source = SafetensorsSource.open(resource("reference.safetensors"));
    assertThat(Tensors.contents(source).keySet()).containsExactlyElementsOf(source.specs());
    assertThat(source.specs())
        .extracting(TensorSpec::name)
        .startsWith("layer.uint64", "layer.int64", "layer.float64")
        .containsSubsequence("empty", "empty.also", "layer.bfloat16", "layer.float16")
        .containsSubsequence("größe \"q\" \\ /", "ﬁ", "😀")
        .endsWith("scalar.byte", "layer.bool");
  }

  @Test
  void theWriterWritesTheSameBytes(@TempDir Path directory) throws Exception {
    List<Tensor> tensors = table();
    Collections.shuffle(tensors, new Random(Seeds.next(ReferenceFileTest.class)));
    Path file = directory.resolve("model.safetensors");
    SafetensorsWriter.writeFile(file, tensors, METADATA);
    assertThat(file).hasSameBinaryContentAs(resource("reference.safetensors"));
  }

  private static List<Tensor> table() throws IOException, URISyntaxException {
    List<Tensor> tensors = new ArrayList<>();
    for (String line : Files.readAllLines(resource("reference.tsv"))) {
      String[] columns = line.split("\t", -1);
      long[] dimensions =
          columns[2].isEmpty()
              ? new long[0]
              : Arrays.stream(columns[2].split(",")).mapToLong(Long::parseLong).toArray();
      tensors.add(
          Tensor.of(
              new TensorSpec(columns[0], DataType.fromTorchName(columns[1]), Shape.of(dimensions)),
              HostMemory.wrap(ByteBuffer.wrap(HexFormat.of().parseHex(columns[3])))));
    }
    return tensors;
  }

  private static Path resource(String name) throws URISyntaxException {
    URL url = Objects.requireNonNull(ReferenceFileTest.class.getResource(name), name);
    return Path.of(url.toURI());
  }
}
