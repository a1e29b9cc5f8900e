package dev.weightcast.spi.collective;

import dev.weightcast.api.DataType;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.Packing;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TransferPlan;
import java.util.ArrayList;
import java.util.List;

/**
 * How a list of tensors is cut into broadcasts: a pure function of the ordered specs and the
 * packing, so that both sides compute the same plan and nothing about it crosses the wire.
 *
 * <p>Packed, a bucket takes tensors until its total is strictly greater than the buffer size, so it
 * overshoots by its last tensor and a single larger tensor is one bucket; the last bucket takes the
 * rest. That is vLLM's rule. Unpacked, each tensor is a bucket.
 */
public final class BucketPlan {

  private final List<Bucket> buckets;
  private final int tensors;
  private final long byteSize;
  private final long largestBucketBytes;

  private BucketPlan(List<Bucket> buckets, int tensors) {
    this.buckets = List.copyOf(buckets);
    this.tensors = tensors;
    long sum = 0;
    long largest = 0;
    for (Bucket bucket : buckets) {
      sum = add(sum, bucket.byteSize());
      largest = Math.max(largest, bucket.byteSize());
    }
    this.byteSize = sum;
    this.largestBucketBytes = largest;
  }

  /**
   * The plan for a list of tensors.
   *
   * @param specs the tensors, in the order they are broadcast
   * @param packing how they are grouped
   * @return the plan
   * @throws InvalidInfoException if they have 2^63 bytes or more, or a tensor that NCCL has no type
   *     for shall travel alone
   */
  public static BucketPlan of(List<TensorSpec> specs, Packing packing) {
    return packing.packed() ? packed(specs, packing.bufferSizeBytes()) : unpacked(specs);
  }

  private static BucketPlan packed(List<TensorSpec> specs, long bufferSizeBytes) {
    List<Bucket> buckets = new ArrayList<>();
    int from = 0;
    long bytes = 0;
    for (int i = 0; i < specs.size(); i++) {
      bytes = add(bytes, specs.get(i).byteSize());
      if (bytes > bufferSizeBytes || i == specs.size() - 1) {
        List<TensorSpec> members = specs.subList(from, i + 1);
        buckets.add(new Bucket(buckets.size(), members, bytes, DataType.UINT8));
        from = i + 1;
        bytes = 0;
      }
    }
    return new BucketPlan(buckets, specs.size());
  }

  private static BucketPlan unpacked(List<TensorSpec> specs) {
    List<Bucket> buckets = new ArrayList<>(specs.size());
    for (TensorSpec spec : specs) {
      if (spec.dataType().ncclType().isEmpty()) {
        throw new InvalidInfoException(
            "tensor "
                + spec
                + " cannot be broadcast by itself: NCCL has no type for "
                + spec.dataType()
                + "; set packed to true, which moves bytes");
      }
      buckets.add(new Bucket(buckets.size(), List.of(spec), spec.byteSize(), spec.dataType()));
    }
    return new BucketPlan(buckets, specs.size());
  }

  private static long add(long sum, long bytes) {
    if (sum + bytes < 0) {
      throw new InvalidInfoException("the tensors have more than 2^63 - 1 bytes together");
    }
    return sum + bytes;
  }

  /**
   * The broadcasts, in order.
   *
   * @return none for an empty list of tensors
   */
  public List<Bucket> buckets() {
    return buckets;
  }

  /**
   * How many bytes the tensors have together.
   *
   * @return the sum over all buckets
   */
  public long byteSize() {
    return byteSize;
  }

  /**
   * The size of the largest bucket: what one slot of the ring must hold.
   *
   * @return bytes; 0 for a plan without buckets
   */
  public long largestBucketBytes() {
    return largestBucketBytes;
  }

  /**
   * How many slots of the ring the plan can use.
   *
   * @param numBuffers how many there may be
   * @return that many, but no more than there are buckets
   */
  public int slots(int numBuffers) {
    return Math.min(numBuffers, buckets.size());
  }

  /**
   * The plan in numbers.
   *
   * @param numBuffers how many buffers the ring may have
   * @return what will move and what memory it takes
   * @throws InvalidInfoException if the buffers would have 2^63 bytes or more
   */
  public TransferPlan summary(int numBuffers) {
    int slots = slots(numBuffers);
    if (slots > 0 && largestBucketBytes > Long.MAX_VALUE / slots) {
      throw new InvalidInfoException(
          slots + " buffers of " + largestBucketBytes + " bytes are more than 2^63 - 1 bytes");
    }
    return new TransferPlan(
        tensors, byteSize, buckets.size(), largestBucketBytes, slots * largestBucketBytes);
  }
}
