package dev.weightcast.api;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What a finished transfer moved.
 *
 * @param tensors how many tensors
 * @param bytes how many bytes of weights
 * @param buckets in how many broadcasts
 * @param bufferBytes the device memory that the engine's buffers hold
 * @param elapsed from the call to the last byte in place
 * @param version what the trainer calls these weights, if it said so
 * @param acknowledged the workers that have said that they hold all of it, in ascending order; on
 *     the trainer only
 * @param unacknowledged the workers that cannot say so, because they are not Weightcast's own or
 *     there is no channel to them, in ascending order; on the trainer only. What they hold is known
 *     from the control plane alone
 */
public record TransferReport(
    int tensors,
    long bytes,
    int buckets,
    long bufferBytes,
    Duration elapsed,
    Optional<String> version,
    List<Integer> acknowledged,
    List<Integer> unacknowledged) {

  /** Copies the lists. */
  public TransferReport {
    acknowledged = List.copyOf(acknowledged);
    unacknowledged = List.copyOf(unacknowledged);
  }

  /**
   * A report that nobody has acknowledged anything to.
   *
   * @param tensors how many tensors
   * @param bytes how many bytes of weights
   * @param buckets in how many broadcasts
   * @param bufferBytes the device memory that the engine's buffers hold
   * @param elapsed from the call to the last byte in place
   */
  public TransferReport(int tensors, long bytes, int buckets, long bufferBytes, Duration elapsed) {
    this(tensors, bytes, buckets, bufferBytes, elapsed, Optional.empty(), List.of(), List.of());
  }

  /**
   * The rate, in units of 10^9 bytes a second.
   *
   * @return bytes over elapsed time; 0 for a transfer of nothing
   */
  public double gigabytesPerSecond() {
    return elapsed.isZero() ? 0 : (double) bytes / elapsed.toNanos();
  }
}
