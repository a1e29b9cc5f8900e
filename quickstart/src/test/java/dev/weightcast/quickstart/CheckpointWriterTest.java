package dev.weightcast.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.api.HostMemory;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.safetensors.SafetensorsSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointWriterTest {

  static final LlamaShape TINY = new LlamaShape(19, 6, 10, 3, 2);

  @TempDir Path folder;

  @Test
  void theDefaultIsAboutAHundredMegabytesInMoreThanAHundredTensors() {
    assertThat(LlamaShape.SMALL.specs().stream().mapToLong(TensorSpec::byteSize).sum())
        .isBetween(95_000_000L, 105_000_000L);
    assertThat(LlamaShape.SMALL.specs()).hasSize(111);
  }

  @Test
  void theFileHasTheModelsTensorsAndOrdinaryNumbers() {
    Path file = write("a", 17);

    SafetensorsSource source = SafetensorsSource.open(file);
    assertThat(source.specs()).containsExactlyInAnyOrderElementsOf(TINY.specs());
    assertThat(source.metadata()).containsEntry("format", "pt");
    for (TensorSpec spec : source.specs()) {
      assertOrdinary(source.tensor(spec.name()));
    }
  }

  @Test
  void theSameSeedMakesTheSameFile() throws Exception {
    assertThat(write("a", 17)).hasSameBinaryContentAs(write("b", 17));
    assertThat(Files.mismatch(write("a", 17), write("c", 18))).isNotNegative();
  }

  private Path write(String name, long seed) {
    Path file = folder.resolve(name);
    CheckpointWriter.write(file, TINY, seed);
    return file;
  }

  private static void assertOrdinary(Tensor tensor) {
    ByteBuffer bytes = ByteBuffer.allocate((int) tensor.byteSize()).order(ByteOrder.LITTLE_ENDIAN);
    ((HostMemory) tensor.memory()).read(tensor.byteOffset(), bytes);
    bytes.flip();
    while (bytes.hasRemaining()) {
      float weight = Float.intBitsToFloat(bytes.getShort() << 16);
      assertThat(Math.abs(weight)).isBetween(0x1p-7f, 0x1p-3f);
    }
  }
}
