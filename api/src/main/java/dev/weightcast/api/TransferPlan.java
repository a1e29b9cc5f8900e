package dev.weightcast.api;

/**
 * What a transfer will move and what memory it takes, known before the first byte moves.
 *
 * @param tensors how many tensors
 * @param bytes how many bytes of weights
 * @param buckets in how many broadcasts
 * @param largestBucketBytes the size of the largest one
 * @param bufferBytes the device memory that buffers take at most: buffers × the largest bucket
 */
public record TransferPlan(
    int tensors, long bytes, int buckets, long largestBucketBytes, long bufferBytes) {}
