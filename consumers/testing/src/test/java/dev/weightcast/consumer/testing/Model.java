package dev.weightcast.consumer.testing;

import dev.weightcast.api.DataType;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.Shape;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;

/** Six tensors of 800 bytes. */
final class Model {

  static final List<TensorSpec> SPECS =
      List.of("a", "b", "c", "d", "e", "f").stream()
          .map(name -> new TensorSpec(name, DataType.BFLOAT16, Shape.of(400)))
          .toList();

  private Model() {}

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

  static List<Tensor> blank() {
    return SPECS.stream()
        .map(spec -> Tensor.of(spec, HostMemory.allocate(spec.byteSize())))
        .toList();
  }

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
