package dev.weightcast.backend.loopback;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.CopyingWeightLoader;
import dev.weightcast.api.DataType;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.Packing;
import dev.weightcast.api.Shape;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TransferReport;
import dev.weightcast.api.WeightSource;
import dev.weightcast.api.WeightTransferConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * One tensor of 3 GiB, from a mapped file through both rings into host memory, every byte compared.
 *
 * <p>Run on demand, on a machine with 14 GiB to spare and 3 GiB in the temporary directory:
 *
 * <pre>
 * mvn -B verify -pl backend-loopback-test -am -Dtest=LargeTensorTest \
 *     -Dsurefire.failIfNoSpecifiedTests=false -Dweightcast.excluded-groups= \
 *     -Dtest.jvm.flags="--enable-native-access=ALL-UNNAMED -Xmx256m -XX:MaxDirectMemorySize=10g"
 * </pre>
 *
 * <p>9 GiB are direct memory: the trainer's slot, the worker's, and the destination. The file's 3
 * GiB are page cache that the system takes back when it needs it. The heap stays small, which is
 * part of what is tested.
 */
@Tag("on-demand")
class LargeTensorTest {

  private static final TensorSpec SPEC =
      new TensorSpec("embed.weight", DataType.FLOAT32, Shape.of(3, 1L << 28));

  /** Divides a chunk of host memory, so that no piece lies across two. */
  private static final int PIECE = 16 << 20;

  @Test
  @Timeout(value = 15, unit = TimeUnit.MINUTES)
  void everyByteOfATensorOf3GibibytesArrives(@TempDir Path folder) throws Exception {
    assertThat(SPEC.byteSize()).isEqualTo(3L << 30);
    HostMemory source = mapped(folder.resolve("weights"));
    HostMemory destination = HostMemory.allocate(SPEC.byteSize());
    List<Tensor> weights = List.of(Tensor.of(SPEC, source));
    Packing packing = new Packing(true, Packing.DEFAULT_BUFFER_SIZE_BYTES, 1);
    try (Fleet fleet =
        Fleet.joined(1, WeightTransferConfig.defaults(), info -> info.withPacking(packing))) {
      Future<TransferReport> sent =
          fleet.start(() -> fleet.trainer.sendWeights(WeightSource.of(weights)));
      var worker = fleet.workers.get(0);
      worker.startWeightUpdate();
      TransferReport received =
          worker.receiveWeights(
              BroadcastUpdateInfo.of(List.of(SPEC)),
              CopyingWeightLoader.into(List.of(Tensor.of(SPEC, destination))));
      worker.finishWeightUpdate();
      assertThat(received.bytes()).isEqualTo(SPEC.byteSize());
      assertThat(received.bufferBytes()).isEqualTo(SPEC.byteSize());
      assertThat(sent.get(1, TimeUnit.MINUTES).bytes()).isEqualTo(SPEC.byteSize());
    }
    ByteBuffer expected = ByteBuffer.allocateDirect(PIECE);
    for (long at = 0; at < SPEC.byteSize(); at += PIECE) {
      fill(expected, at);
      ByteBuffer found = destination.buffers(at, PIECE).get(0);
      assertThat(found.mismatch(expected)).as("first difference from byte %d on", at).isEqualTo(-1);
    }
  }

  private static HostMemory mapped(Path file) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      ByteBuffer piece = ByteBuffer.allocateDirect(PIECE);
      for (long at = 0; at < SPEC.byteSize(); at += PIECE) {
        fill(piece, at);
        while (piece.hasRemaining()) {
          channel.write(piece);
        }
      }
      return HostMemory.map(channel, 0, SPEC.byteSize());
    }
  }

  /** Bytes that tell their place: eight at a time, no two the same within the tensor. */
  private static void fill(ByteBuffer piece, long at) {
    piece.clear();
    for (int i = 0; i < PIECE; i += Long.BYTES) {
      piece.putLong(i, (at + i) * 0x9E3779B97F4A7C15L);
    }
  }
}
