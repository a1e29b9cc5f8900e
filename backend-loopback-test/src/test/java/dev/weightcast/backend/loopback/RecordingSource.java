package dev.weightcast.backend.loopback;

import dev.weightcast.api.SourceTensor;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.WeightPass;
import dev.weightcast.api.WeightSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** A source that may announce something else than it yields, and counts what comes back. */
class RecordingSource implements WeightSource {

  private final List<TensorSpec> announced;
  private final List<Tensor> tensors;
  private final AtomicInteger yielded = new AtomicInteger();
  private final AtomicInteger released = new AtomicInteger();
  private volatile boolean closed;
  private int failAt = Integer.MAX_VALUE;

  RecordingSource(List<TensorSpec> announced, List<Tensor> tensors) {
    this.announced = announced;
    this.tensors = tensors;
  }

  RecordingSource failingAt(int index) {
    failAt = index;
    return this;
  }

  /** Called before each tensor. */
  void beforeNext(int index) {}

  int yielded() {
    return yielded.get();
  }

  int released() {
    return released.get();
  }

  boolean isClosed() {
    return closed;
  }

  @Override
  public List<TensorSpec> specs() {
    return announced;
  }

  @Override
  public WeightPass open() {
    return new WeightPass() {
      private int next;

      @Override
      public boolean hasNext() {
        return next < tensors.size();
      }

      @Override
      public SourceTensor next() {
        if (next == failAt) {
          throw new IllegalStateException("shard lost");
        }
        beforeNext(next);
        yielded.incrementAndGet();
        return SourceTensor.of(tensors.get(next++)).withRelease(released::incrementAndGet);
      }

      @Override
      public void close() {
        closed = true;
      }
    };
  }
}
