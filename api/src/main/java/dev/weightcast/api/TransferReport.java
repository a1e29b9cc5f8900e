package dev.weightcast.api;

import java.time.Duration;

/**
 * What a finished transfer moved.
 *
 * @param tensors how many tensors
 * @param bytes how many bytes of weights
 * @param buckets in how many broadcasts
 * @param bufferBytes the device memory that the engine's buffers hold
 * @param elapsed from the call to the last byte in place
 */
public record TransferReport(
    int tensors, long bytes, int buckets, long bufferBytes, Duration elapsed) {

  /**
   * The rate, in units of 10^9 bytes a second.
   *
   * @return bytes over elapsed time; 0 for a transfer of nothing
   */
  public double gigabytesPerSecond() {
    return elapsed.isZero() ? 0 : (double) bytes / elapsed.toNanos();
  }
}
