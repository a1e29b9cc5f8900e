package dev.weightcast.rendezvous.internal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A stored value: the first bytes of an array that may be longer.
 *
 * <p>Immutable to whoever holds one: appending writes only behind the end, into room that no other
 * value of this array shows, so the many small appends of one key cost no copy each.
 */
final class Value {

  private final byte[] array;
  private final int length;

  private Value(byte[] array, int length) {
    this.array = array;
    this.length = length;
  }

  static Value of(byte[] bytes) {
    return new Value(bytes, bytes.length);
  }

  static Value ofNumber(long number) {
    return of(Long.toString(number).getBytes(StandardCharsets.US_ASCII));
  }

  /** The longer value; this one must be the last made of its array, and is not to be used again. */
  Value append(byte[] more) throws ProtocolException {
    long total = (long) length + more.length;
    if (total > Limits.MAX_VALUE_BYTES) {
      throw new ProtocolException(
          "the value would grow to "
              + total
              + " bytes, at most "
              + Limits.MAX_VALUE_BYTES
              + " are allowed");
    }
    byte[] target = array;
    if (total > array.length) {
      long roomy = Math.min(Limits.MAX_VALUE_BYTES, Math.max(total, 2L * length));
      target = Arrays.copyOf(array, (int) roomy);
    }
    System.arraycopy(more, 0, target, length, more.length);
    return new Value(target, (int) total);
  }

  /** The number in decimal that a counter holds. */
  long number() throws ProtocolException {
    String text = new String(array, 0, length, StandardCharsets.US_ASCII);
    try {
      return Long.parseLong(text.strip());
    } catch (NumberFormatException e) {
      throw new ProtocolException("the value to add to is not a decimal number of 64 bits");
    }
  }

  boolean holds(byte[] bytes) {
    return Arrays.equals(array, 0, length, bytes, 0, bytes.length);
  }

  ByteBuffer bytes() {
    return ByteBuffer.wrap(array, 0, length).asReadOnlyBuffer();
  }

  int length() {
    return length;
  }

  /** The memory it holds. */
  int footprint() {
    return array.length;
  }
}
