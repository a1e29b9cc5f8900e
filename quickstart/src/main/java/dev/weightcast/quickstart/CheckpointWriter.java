package dev.weightcast.quickstart;

import dev.weightcast.api.HostMemory;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.safetensors.SafetensorsWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Makes up a checkpoint: the right names and shapes, and random numbers from a seed. */
final class CheckpointWriter {

  private CheckpointWriter() {}

  /** Writes the model a tensor at a time, in memory of the size of the largest one. */
  static void write(Path file, LlamaShape model, long seed) {
    List<TensorSpec> specs = model.specs();
    SplittableRandom random = new SplittableRandom(seed);
    HostMemory memory =
        HostMemory.allocate(specs.stream().mapToLong(TensorSpec::byteSize).max().orElse(0));
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, specs, Map.of("format", "pt"))) {
      for (TensorSpec spec : specs) {
        memory.buffers(0, spec.byteSize()).forEach(buffer -> fill(buffer, random));
        writer.write(Tensor.of(spec, memory));
      }
      writer.finish();
    }
  }

  private static void fill(ByteBuffer buffer, SplittableRandom random) {
    buffer.order(ByteOrder.LITTLE_ENDIAN);
    while (buffer.remaining() >= Long.BYTES) {
      buffer.putLong(fourWeights(random));
    }
    while (buffer.hasRemaining()) {
      buffer.putShort((short) fourWeights(random));
    }
  }

  /** Four bfloat16 of either sign between 2^-7 and 2^-3: no NaN, no infinity. */
  private static long fourWeights(SplittableRandom random) {
    return (random.nextLong() & 0x81FF_81FF_81FF_81FFL) | 0x3C00_3C00_3C00_3C00L;
  }
}
