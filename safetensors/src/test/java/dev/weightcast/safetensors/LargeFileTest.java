package dev.weightcast.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weightcast.api.DataType;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Beyond 2 GiB, where an int ends; the files are sparse and take next to nothing on the disk. */
class LargeFileTest {

  private static final long LARGE = (5L << 29) + 3; // 2.5 GiB and a bit, over three chunks
  private static final TensorSpec LARGE_SPEC = Tensors.spec("large", DataType.UINT8, LARGE);
  private static final TensorSpec SMALL_SPEC = Tensors.spec("small", DataType.BOOL, 2);

  @TempDir Path directory;

  @Test
  void aTensorAndAFileLargerThanTwoGibibytesAreRead() throws IOException {
    Path file = directory.resolve("large.safetensors");
    writeSparse(file);

    SafetensorsSource source = SafetensorsSource.open(file);

    assertThat(source.specs()).containsExactly(LARGE_SPEC, SMALL_SPEC);
    Tensor large = source.tensor("large");
    assertThat(large.byteSize()).isEqualTo(LARGE);
    assertThat(byteAt(large, 0)).isEqualTo((byte) 11);
    assertThat(byteAt(large, LARGE / 2)).isZero();
    assertThat(byteAt(large, LARGE - 1)).isEqualTo((byte) 12);
    assertThat(Tensors.hex(source.tensor("small"))).isEqualTo("0d0e");
  }

  @Test
  @Tag("on-demand") // writes 2.5 GiB
  void aTensorAndAFileLargerThanTwoGibibytesAreWritten() throws IOException {
    Path sparse = directory.resolve("large.safetensors");
    writeSparse(sparse);
    long free = Files.getFileStore(directory).getUsableSpace();
    assumeTrue(free > 2 * LARGE, "needs " + 2 * LARGE + " bytes of disk, " + free + " are free");

    Path copy = directory.resolve("copy.safetensors");
    SafetensorsWriter.writeFile(copy, SafetensorsSource.open(sparse), Map.of());

    assertThat(Files.mismatch(sparse, copy)).isEqualTo(-1);
  }

  private void writeSparse(Path file) throws IOException {
    FileLayout layout = FileLayout.of(file, List.of(LARGE_SPEC, SMALL_SPEC), Map.of());
    try (RandomAccessFile raw = new RandomAccessFile(file.toFile(), "rw")) {
      byte[] preamble = new byte[layout.preamble().capacity()];
      layout.preamble().duplicate().get(preamble);
      raw.write(preamble);
      raw.setLength(layout.fileSize());
      raw.seek(layout.dataStart());
      raw.write(11);
      raw.seek(layout.dataStart() + LARGE - 1);
      raw.write(new byte[] {12, 13, 14});
    } catch (IOException e) {
      assumeTrue(false, "no sparse file of " + layout.fileSize() + " bytes here: " + e);
    }
    assertThat(Files.size(file)).isEqualTo(layout.fileSize()).isGreaterThan(LARGE);
  }

  private static byte byteAt(Tensor tensor, long index) {
    ByteBuffer one = ByteBuffer.allocate(1);
    ((HostMemory) tensor.memory()).read(tensor.byteOffset() + index, one);
    return one.get(0);
  }
}
