package dev.weightcast.api;

import java.time.Duration;

/**
 * How far a transfer is.
 *
 * @param bucketsDone buckets that have gone all the way: sent and drained, or received and loaded
 * @param buckets how many there are
 * @param bytesDone bytes of weights in those buckets
 * @param bytes how many bytes there are
 * @param elapsed since the operation began
 */
public record TransferProgress(
    int bucketsDone, int buckets, long bytesDone, long bytes, Duration elapsed) {}
