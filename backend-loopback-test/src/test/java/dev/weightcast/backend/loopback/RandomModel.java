package dev.weightcast.backend.loopback;

import dev.weightcast.api.DataType;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.Shape;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Tensors of seeded types, shapes and bytes. */
final class RandomModel {

  private RandomModel() {}

  static List<TensorSpec> specs(Random random, int count, List<DataType> types) {
    List<TensorSpec> specs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      long[] dimensions = new long[random.nextInt(4)];
      for (int d = 0; d < dimensions.length; d++) {
        dimensions[d] = random.nextInt(12) == 0 ? 0 : 1 + random.nextInt(9);
      }
      DataType type = types.get(random.nextInt(types.size()));
      specs.add(new TensorSpec("layers." + i + ".weight", type, Shape.of(dimensions)));
    }
    return specs;
  }

  static List<Tensor> filled(List<TensorSpec> specs, Random random) {
    return specs.stream()
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

  static byte[] bytes(Tensor tensor) {
    ByteBuffer into = ByteBuffer.allocate((int) tensor.byteSize());
    ((HostMemory) tensor.memory()).read(tensor.byteOffset(), into);
    return into.array();
  }
}
