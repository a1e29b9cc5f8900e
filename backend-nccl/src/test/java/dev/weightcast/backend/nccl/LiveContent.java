package dev.weightcast.backend.nccl;

import dev.weightcast.api.TensorSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

/**
 * What the tensors contain: eight bytes at a time, from the tensor's name and the position, so that
 * either side knows every byte without having been told.
 */
final class LiveContent {

  private static final int PART = 1 << 20;

  private LiveContent() {}

  /** FNV-1a of the name. */
  static long seed(TensorSpec spec) {
    long hash = 0xCBF29CE484222325L;
    for (byte b : spec.name().getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (b & 0xFF)) * 0x100000001B3L;
    }
    return hash;
  }

  private static long word(long seed, long index) {
    long x = (seed + index) * 0x9E3779B97F4A7C15L;
    x ^= x >>> 32;
    x *= 0xD6E8FEB86659FD93L;
    return x ^ (x >>> 32);
  }

  /** Fills a buffer with a tensor's bytes from an offset on, which is a multiple of eight. */
  static void fill(TensorSpec spec, long offset, ByteBuffer into) {
    long seed = seed(spec);
    parts(into.capacity())
        .forEach(
            part -> {
              ByteBuffer bytes = part(into, part);
              long index = (offset + (long) part * PART) / 8;
              int whole = bytes.capacity() & ~7;
              for (int i = 0; i < whole; i += 8) {
                bytes.putLong(i, word(seed, index++));
              }
              long last = word(seed, index);
              for (int i = whole; i < bytes.capacity(); i++) {
                bytes.put(i, (byte) (last >>> (8 * (i - whole))));
              }
            });
  }

  /** How many bytes differ from what the tensor should hold there. */
  static long differences(TensorSpec spec, long offset, ByteBuffer found) {
    long seed = seed(spec);
    AtomicLong wrong = new AtomicLong();
    parts(found.capacity())
        .forEach(
            part -> {
              ByteBuffer bytes = part(found, part);
              long index = (offset + (long) part * PART) / 8;
              int whole = bytes.capacity() & ~7;
              long bad = 0;
              for (int i = 0; i < whole; i += 8) {
                long difference = bytes.getLong(i) ^ word(seed, index++);
                if (difference != 0) {
                  bad += differingBytes(difference);
                }
              }
              long last = word(seed, index);
              for (int i = whole; i < bytes.capacity(); i++) {
                bad += bytes.get(i) == (byte) (last >>> (8 * (i - whole))) ? 0 : 1;
              }
              wrong.addAndGet(bad);
            });
    return wrong.get();
  }

  private static int differingBytes(long difference) {
    int count = 0;
    for (int shift = 0; shift < 64; shift += 8) {
      count += (difference >>> shift & 0xFF) != 0 ? 1 : 0;
    }
    return count;
  }

  private static IntStream parts(int byteSize) {
    return IntStream.range(0, (byteSize + PART - 1) / PART).parallel();
  }

  private static ByteBuffer part(ByteBuffer whole, int part) {
    int from = part * PART;
    return whole
        .slice(from, Math.min(PART, whole.capacity() - from))
        .order(ByteOrder.LITTLE_ENDIAN);
  }
}
