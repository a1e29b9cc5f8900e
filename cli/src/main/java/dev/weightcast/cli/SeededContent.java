package dev.weightcast.cli;

import dev.weightcast.api.TensorSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Bytes from the tensor's name, the position and a seed, so that either side knows each of them
 * without having been told. With seed 0 they are those of the peers in {@code gpu/}.
 */
final class SeededContent implements Content {

  private final long seed;

  SeededContent(long seed) {
    this.seed = seed;
  }

  @Override
  public void read(TensorSpec spec, long offset, ByteBuffer into) {
    long start = name(spec) ^ seed * 0xBF58476D1CE4E5B9L;
    into.order(ByteOrder.LITTLE_ENDIAN);
    long index = offset / Long.BYTES;
    while (into.remaining() >= Long.BYTES) {
      into.putLong(word(start + index++));
    }
    for (long last = word(start + index); into.hasRemaining(); last >>>= Byte.SIZE) {
      into.put((byte) last);
    }
  }

  /** FNV-1a. */
  private static long name(TensorSpec spec) {
    long hash = 0xCBF29CE484222325L;
    for (byte b : spec.name().getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (b & 0xFF)) * 0x100000001B3L;
    }
    return hash;
  }

  private static long word(long number) {
    long x = number * 0x9E3779B97F4A7C15L;
    x ^= x >>> 32;
    x *= 0xD6E8FEB86659FD93L;
    return x ^ (x >>> 32);
  }
}
