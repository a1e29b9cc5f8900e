package dev.weightcast.api;

import java.util.List;

/**
 * A bucket did not arrive as it was sent: its checksum at this worker differs from the trainer's.
 * The bytes were handed to the loader before that could be known, so the weights are mixed.
 *
 * @see WeightTransferConfig#withChecksums
 */
public class ChecksumMismatchException extends TransferException {

  private static final long serialVersionUID = 1L;

  private final int bucket;

  @SuppressWarnings("serial") // always an immutable list of String, which is serializable
  private final List<String> tensors;

  /**
   * A bucket with other bytes than were sent.
   *
   * @param message the whole message, with the first bucket and its tensors
   * @param bucket the first bucket that differs, from 1
   * @param tensors the names of its tensors
   * @param bytesDone bytes of weights that had arrived, right or wrong
   * @param bytesTotal bytes of weights the operation was to move
   */
  public ChecksumMismatchException(
      String message, int bucket, List<String> tensors, long bytesDone, long bytesTotal) {
    super(message, TransferPhase.ACKNOWLEDGEMENT, bytesDone, bytesTotal, null);
    this.bucket = bucket;
    this.tensors = List.copyOf(tensors);
  }

  /**
   * The first bucket that differs.
   *
   * @return its number, from 1
   */
  public int bucket() {
    return bucket;
  }

  /**
   * The tensors of that bucket, any of which may have wrong bytes.
   *
   * @return their names, in order
   */
  public List<String> tensors() {
    return tensors;
  }
}
