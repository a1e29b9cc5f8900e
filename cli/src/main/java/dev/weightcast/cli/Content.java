package dev.weightcast.cli;

import dev.weightcast.api.TensorSpec;
import java.nio.ByteBuffer;

/** What tensors hold, known without a transfer. Safe for several threads. */
interface Content {

  /**
   * Gives a tensor's bytes.
   *
   * @param spec the tensor
   * @param offset the first byte, a multiple of eight
   * @param into filled from its position to its limit
   */
  void read(TensorSpec spec, long offset, ByteBuffer into);
}
