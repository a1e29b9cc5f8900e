package dev.weightcast.benchmarks;

import dev.weightcast.api.HostMemory;
import dev.weightcast.api.Tensor;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** The yardstick: the model's bytes copied once, on one thread, from memory to memory. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class CopyBenchmark {

  /** Which model is copied. */
  @Param({"LARGE", "SMALL"})
  public ModelSize model = ModelSize.TINY;

  private Model source = new Model(HostMemory.allocate(0), List.of());
  private Model destination = source;

  /** Makes both ends. */
  @Setup
  public void prepare() {
    source = Model.random(model);
    destination = Model.random(model);
  }

  /** The whole model in one call of the JDK's own copy. */
  @Benchmark
  public void oneByteBuffer() {
    ByteBuffer from = source.memory().buffers(0, model.byteSize()).get(0);
    ByteBuffer to = destination.memory().buffers(0, model.byteSize()).get(0);
    to.put(0, from, 0, from.capacity());
  }

  /** Tensor by tensor, as the loopback backend's streams copy. */
  @Benchmark
  public void tensorByTensor() {
    for (int i = 0; i < source.tensors().size(); i++) {
      Tensor from = source.tensors().get(i);
      Tensor to = destination.tensors().get(i);
      ((HostMemory) to.memory())
          .copyFrom(
              to.byteOffset(), (HostMemory) from.memory(), from.byteOffset(), from.byteSize());
    }
  }
}
