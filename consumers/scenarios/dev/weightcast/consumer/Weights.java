package dev.weightcast.consumer;

import dev.weightcast.api.DataType;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.Shape;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;

/** A small model of mixed types, a scalar and an empty tensor among them. */
final class Weights {

  static final List<TensorSpec> SPECS =
      List.of(
          new TensorSpec("embed.weight", DataType.BFLOAT16, Shape.of(100, 7)),
          new TensorSpec("norm.weight", DataType.FLOAT32, Shape.of(7)),
          new TensorSpec("scale", DataType.UINT8, Shape.of()),
          new TensorSpec("empty", DataType.FLOAT16, Shape.of(0, 3)),
          new TensorSpec("head.weight", DataType.BFLOAT16, Shape.of(33, 3)));

  private Weights() {}

  static List<Tensor> random(long seed) {
    Random random = new Random(seed);
    return SPECS.stream()
        .map(
            spec -> {
              byte[] bytes = new byte[(int) spec.byteSize()];
              random.nextBytes(bytes);
              return Tensor.of(spec, HostMemory.wrap(ByteBuffer.wrap(bytes)));
            })
        .toList();
  }

  static List<Tensor> blank(List<TensorSpec> specs) {
    return specs.stream()
        .map(spec -> Tensor.of(spec, HostMemory.allocate(spec.byteSize())))
        .toList();
  }

  /** The bytes of each tensor, to be compared. */
  static List<ByteBuffer> bytes(List<Tensor> tensors) {
    return tensors.stream()
        .map(
            tensor -> {
              ByteBuffer into = ByteBuffer.allocate((int) tensor.byteSize());
              ((HostMemory) tensor.memory()).read(tensor.byteOffset(), into);
              return into.flip();
            })
        .toList();
  }
}
