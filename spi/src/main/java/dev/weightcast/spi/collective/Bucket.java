package dev.weightcast.spi.collective;

import dev.weightcast.api.DataType;
import dev.weightcast.api.TensorSpec;
import java.util.List;

/**
 * The tensors of one broadcast, in order, their bytes one behind the other without padding.
 *
 * @param index its place in the plan, from 0
 * @param specs the tensors
 * @param byteSize how many bytes they have together; 0 if all are empty, and then nothing is
 *     broadcast
 * @param elementType the type of the broadcast: bytes if packed, the tensor's own if it travels
 *     alone
 */
public record Bucket(int index, List<TensorSpec> specs, long byteSize, DataType elementType) {

  /** Copies the list. */
  public Bucket {
    specs = List.copyOf(specs);
  }

  /**
   * How many elements the broadcast has.
   *
   * @return the bucket's bytes over the size of an element
   */
  public long elementCount() {
    return byteSize / elementType.byteSize();
  }
}
