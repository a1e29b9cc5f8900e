package dev.weightcast.benchmarks;

import dev.weightcast.api.DataType;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.Shape;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** The tensors of one model side by side in host memory, every page of it touched. */
record Model(HostMemory memory, List<Tensor> tensors) {

  static Model random(ModelSize size) {
    HostMemory memory = HostMemory.allocate(size.byteSize());
    byte[] bytes = new byte[size.tensorBytes()];
    new Random(42).nextBytes(bytes);
    List<Tensor> tensors =
        IntStream.range(0, size.tensors())
            .mapToObj(
                i -> {
                  long offset = (long) i * bytes.length;
                  memory.write(offset, ByteBuffer.wrap(bytes));
                  Shape shape = Shape.of(bytes.length / 2);
                  String name = "model.layers." + i + ".weight";
                  return new Tensor(new TensorSpec(name, DataType.BFLOAT16, shape), memory, offset);
                })
            .toList();
    return new Model(memory, tensors);
  }

  List<TensorSpec> specs() {
    return tensors.stream().map(Tensor::spec).toList();
  }
}
