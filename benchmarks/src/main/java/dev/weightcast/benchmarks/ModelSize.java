package dev.weightcast.benchmarks;

/** How many tensors of which size a model has. */
public enum ModelSize {

  /** The layers of a model: copying is everything. */
  LARGE(200, 4 << 20),

  /** Many small tensors: what is done for each tensor counts. */
  SMALL(20_000, 16 << 10),

  /**
   * As many tensors as {@link #LARGE}, of a 256th of the bytes: what is allocated for both is the
   * same if nothing grows with the bytes.
   */
  FEW(200, 16 << 10),

  /** To see that the benchmarks run. */
  TINY(5, 1 << 10);

  private final int tensors;
  private final int tensorBytes;

  ModelSize(int tensors, int tensorBytes) {
    this.tensors = tensors;
    this.tensorBytes = tensorBytes;
  }

  int tensors() {
    return tensors;
  }

  int tensorBytes() {
    return tensorBytes;
  }

  long byteSize() {
    return (long) tensors * tensorBytes;
  }
}
