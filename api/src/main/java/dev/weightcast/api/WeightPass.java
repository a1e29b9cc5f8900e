package dev.weightcast.api;

import java.util.Iterator;

/**
 * One pass over the tensors of a {@link WeightSource}, in the order of its specs.
 *
 * <p>Used by one thread. {@code next()} may take its time, to gather a sharded parameter for
 * example; the ring keeps the wire busy meanwhile.
 */
public interface WeightPass extends Iterator<SourceTensor>, AutoCloseable {

  /** Ends the pass, whether or not it came to its end. Idempotent; never throws. */
  @Override
  void close();

  /**
   * A pass over tensors that need no closing.
   *
   * @param tensors the tensors, in order
   * @return the pass
   */
  static WeightPass of(Iterator<SourceTensor> tensors) {
    return new WeightPass() {
      @Override
      public boolean hasNext() {
        return tensors.hasNext();
      }

      @Override
      public SourceTensor next() {
        return tensors.next();
      }

      @Override
      public void close() {}
    };
  }
}
