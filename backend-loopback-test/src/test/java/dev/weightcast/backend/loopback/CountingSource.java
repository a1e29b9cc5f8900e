package dev.weightcast.backend.loopback;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.api.SourceTensor;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.WeightPass;
import dev.weightcast.api.WeightSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;

/** A source that counts each tensor's releases, and may go wrong at one of them. */
final class CountingSource implements WeightSource {
  private final List<Tensor> tensors;
  private final List<TensorSpec> announced;
  private final int throwsAt;
  private final AtomicIntegerArray yielded;
  private final AtomicIntegerArray released;
  private final AtomicInteger open = new AtomicInteger();

  CountingSource(List<Tensor> tensors, List<TensorSpec> announced, int throwsAt) {
    this.tensors = tensors;
    this.announced = announced;
    this.throwsAt = throwsAt;
    this.yielded = new AtomicIntegerArray(tensors.size());
    this.released = new AtomicIntegerArray(tensors.size());
  }

  @Override
  public List<TensorSpec> specs() {
    return announced;
  }

  @Override
  public WeightPass open() {
    open.incrementAndGet();
    return new WeightPass() {
      private int next;

      @Override
      public boolean hasNext() {
        return next < tensors.size();
      }

      @Override
      public SourceTensor next() {
        if (next == throwsAt) {
          throw new IllegalStateException("shard lost");
        }
        int index = next++;
        yielded.incrementAndGet(index);
        return SourceTensor.of(tensors.get(index))
            .withRelease(() -> released.incrementAndGet(index));
      }

      @Override
      public void close() {
        open.decrementAndGet();
      }
    };
  }

  void assertGivenBack() {
    assertThat(released.toString()).as("releases").isEqualTo(yielded.toString());
    assertThat(open).as("open passes").hasValue(0);
  }
}
