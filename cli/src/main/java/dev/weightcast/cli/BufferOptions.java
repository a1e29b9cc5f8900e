package dev.weightcast.cli;

import dev.weightcast.api.Packing;
import picocli.CommandLine.Option;

/** The ring's measures; the same on all ranks. */
final class BufferOptions {

  @Option(
      names = "--buffer-size",
      paramLabel = "SIZE",
      converter = ByteSize.class,
      description = "A bucket is sent when larger (default 1GiB).")
  private long bufferSize = Packing.DEFAULT_BUFFER_SIZE_BYTES;

  @Option(
      names = "--num-buffers",
      paramLabel = "K",
      description = "Buckets on their way at once (default 2).")
  private int numBuffers = Packing.DEFAULT_NUM_BUFFERS;

  /** Many tensors a broadcast, or one. */
  Packing packing(boolean packed) {
    return new Packing(packed, bufferSize, numBuffers);
  }
}
