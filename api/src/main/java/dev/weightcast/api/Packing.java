package dev.weightcast.api;

import java.util.Map;
import java.util.Set;

/**
 * How tensors are grouped into broadcasts. Both sides of a group must use the same values: nothing
 * about it crosses the wire, and ranks that disagree do not understand each other.
 *
 * @param packed whether many tensors travel in one broadcast of bytes; otherwise each travels
 *     alone, with its own type
 * @param bufferSizeBytes a bucket takes tensors until it is larger than this; it overshoots by its
 *     last tensor
 * @param numBuffers how many buckets are on their way at once
 */
public record Packing(boolean packed, long bufferSizeBytes, int numBuffers) {

  /** vLLM's default for {@code packed_buffer_size_bytes}: 1 GiB. */
  public static final long DEFAULT_BUFFER_SIZE_BYTES = 1L << 30;

  /** vLLM's default for {@code packed_num_buffers}: 2. */
  public static final int DEFAULT_NUM_BUFFERS = 2;

  /** One tensor a broadcast, what vLLM does when nothing is said. */
  public static final Packing UNPACKED =
      new Packing(false, DEFAULT_BUFFER_SIZE_BYTES, DEFAULT_NUM_BUFFERS);

  static final String PACKED = "packed";
  static final String BUFFER_SIZE = "packed_buffer_size_bytes";
  static final String NUM_BUFFERS = "packed_num_buffers";
  static final Set<String> KEYS = Set.of(PACKED, BUFFER_SIZE, NUM_BUFFERS);

  /**
   * Checks the values.
   *
   * @throws InvalidInfoException if the size or the number of buffers is less than one
   */
  public Packing {
    if (bufferSizeBytes < 1) {
      throw new InvalidInfoException(BUFFER_SIZE + " must be at least 1, found " + bufferSizeBytes);
    }
    if (numBuffers < 1) {
      throw new InvalidInfoException(NUM_BUFFERS + " must be at least 1, found " + numBuffers);
    }
  }

  /**
   * Many tensors a broadcast.
   *
   * @param bufferSizeBytes the size that a bucket grows past before it is sent
   * @param numBuffers how many buckets are on their way at once
   * @return the packing
   */
  public static Packing packed(long bufferSizeBytes, int numBuffers) {
    return new Packing(true, bufferSizeBytes, numBuffers);
  }

  static boolean isIn(InfoReader reader) {
    return KEYS.stream().anyMatch(reader::has);
  }

  static Packing from(InfoReader reader) {
    try {
      return new Packing(
          reader.flag(PACKED, false),
          reader.integer(BUFFER_SIZE, DEFAULT_BUFFER_SIZE_BYTES),
          reader.intValue(NUM_BUFFERS, DEFAULT_NUM_BUFFERS));
    } catch (InvalidInfoException e) {
      throw String.valueOf(e.getMessage()).startsWith("Invalid ") ? e : reader.invalid(e);
    }
  }

  void putInto(Map<String, Object> map) {
    map.put(PACKED, packed);
    map.put(BUFFER_SIZE, bufferSizeBytes);
    map.put(NUM_BUFFERS, numBuffers);
  }
}
