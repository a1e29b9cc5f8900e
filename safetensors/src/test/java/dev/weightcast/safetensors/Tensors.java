package dev.weightcast.safetensors;

import dev.weightcast.api.DataType;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.Shape;
import dev.weightcast.api.SourceTensor;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.WeightPass;
import dev.weightcast.api.WeightSource;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/** Tensors with data, and their bytes. */
final class Tensors {

  private Tensors() {}

  static TensorSpec spec(String name, DataType type, long... dimensions) {
    return new TensorSpec(name, type, Shape.of(dimensions));
  }

  static Tensor random(Random random, String name, DataType type, long... dimensions) {
    TensorSpec spec = spec(name, type, dimensions);
    byte[] bytes = new byte[(int) spec.byteSize()];
    random.nextBytes(bytes);
    return Tensor.of(spec, HostMemory.wrap(ByteBuffer.wrap(bytes)));
  }

  static byte[] bytes(Tensor tensor) {
    ByteBuffer bytes = ByteBuffer.allocate((int) tensor.byteSize());
    ((HostMemory) tensor.memory()).read(tensor.byteOffset(), bytes);
    return bytes.array();
  }

  static String hex(Tensor tensor) {
    return HexFormat.of().formatHex(bytes(tensor));
  }

  /** One pass over a source: each tensor's spec and bytes, in order. */
  static Map<TensorSpec, String> contents(WeightSource source) {
    Map<TensorSpec, String> contents = new LinkedHashMap<>();
    try (WeightPass pass = source.open()) {
      while (pass.hasNext()) {
        SourceTensor tensor = pass.next();
        contents.put(tensor.tensor().spec(), hex(tensor.tensor()));
        tensor.release();
      }
    }
    return contents;
  }
}
