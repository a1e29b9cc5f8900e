package dev.weightcast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.api.DataType;
import dev.weightcast.api.Deadline;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.MemoryCopy;
import dev.weightcast.api.Shape;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.core.WeightTransfer;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** A model's bytes between device and host, against the plainest way to make the same. */
class DeviceModelTest {

  private static final Duration LONG = Duration.ofSeconds(60);

  @Test
  void everyByteIsFilledAndFoundWhateverTheSizes() {
    long seed = System.nanoTime();
    System.out.println("DeviceModelTest seed " + seed);
    SplittableRandom random = new SplittableRandom(seed);
    List<TensorSpec> specs = new ArrayList<>();
    specs.add(bytes("over.blocks", (20 << 20) + 3)); // longer than a block and than a part
    for (int i = 0; i < 300; i++) {
      specs.add(bytes("t" + i, random.nextInt(5) == 0 ? 0 : random.nextInt(1, 20_000)));
    }
    try (var engine = WeightTransfer.builder().backend("loopback").build().broadcastWorker();
        DeviceModel model = DeviceModel.allocate(engine.deviceContext(), specs, LONG);
        var stream = engine.deviceContext().createStream("test")) {
      Content content = new SeededContent(seed);
      model.overwrite();
      assertThat(model.compare(content).mismatch()).isPresent();
      model.fill(content);
      assertThat(model.compare(content).mismatch()).isEmpty();
      model.forEachOnHost(tensor -> assertSame(content, tensor));

      // One byte, anywhere, is enough to be found and named.
      Tensor hit = model.tensors().get(0);
      long at = random.nextLong(hit.byteSize());
      HostMemory other = HostMemory.allocate(1);
      stream.copy(List.of(new MemoryCopy(hit.memory(), hit.byteOffset() + at, other, 0, 1)));
      stream.synchronize(Deadline.after(LONG));
      other.write(0, ByteBuffer.wrap(new byte[] {(byte) (read(other) ^ 0x40)}));
      stream.copy(List.of(new MemoryCopy(other, 0, hit.memory(), hit.byteOffset() + at, 1)));
      stream.synchronize(Deadline.after(LONG));
      assertThat(model.compare(content).mismatch().orElseThrow())
          .startsWith("'over.blocks' uint8 [20971523]: byte " + at + " of 20971523 is 0x")
          .endsWith("; nothing else differs");
    }
  }

  /**
   * The same as gpu/nccl_peer.py computes, which checks what this sends and sends what it checks.
   */
  @Test
  void withSeedZeroTheBytesAreThoseOfThePythonPeer() {
    ByteBuffer bytes = ByteBuffer.allocate(12);
    new SeededContent(0).read(bytes("odd.int8", 12), 0, bytes);
    assertThat(bytes.array()).isEqualTo(PYTHON);
  }

  private static final byte[] PYTHON = {90, -36, 96, -64, 72, -41, 116, -52, -80, -95, -43, -35};

  private static void assertSame(Content content, Tensor tensor) {
    ByteBuffer found = ByteBuffer.allocate((int) tensor.byteSize());
    ((HostMemory) tensor.memory()).read(0, found);
    ByteBuffer expected = ByteBuffer.allocate((int) tensor.byteSize());
    content.read(tensor.spec(), 0, expected);
    assertThat(found.flip()).as(tensor.name()).isEqualTo(expected.flip());
  }

  private static byte read(HostMemory memory) {
    ByteBuffer one = ByteBuffer.allocate(1);
    memory.read(0, one);
    return one.get(0);
  }

  private static TensorSpec bytes(String name, long size) {
    return new TensorSpec(name, DataType.UINT8, Shape.of(size));
  }
}
