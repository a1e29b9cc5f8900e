package dev.weightcast.rendezvous.internal;

import dev.weightcast.api.InvalidInfoException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Requests as bytes, checked against the limits of the wire before the first byte leaves. */
public final class Frames {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  private Frames(Operation operation) {
    out.write(operation.code());
  }

  /**
   * A request that begins with the given operation.
   *
   * @param operation the operation
   * @return the request so far
   */
  public static Frames of(Operation operation) {
    return new Frames(operation);
  }

  /**
   * A request that is a count of keys and the keys.
   *
   * @param operation the operation
   * @param keys the keys, as on the wire
   * @return the request
   */
  public static Frames ofKeys(Operation operation, List<String> keys) {
    Frames frame = of(operation).count(keys.size());
    keys.forEach(frame::key);
    return frame;
  }

  /**
   * Adds another request behind this one.
   *
   * @param next the other
   * @return this
   */
  public Frames then(Frames next) {
    out.writeBytes(next.out.toByteArray());
    return this;
  }

  /**
   * Adds four bytes.
   *
   * @param value the number
   * @return this
   */
  public Frames u32(int value) {
    out.writeBytes(LittleEndian.bytes(value, Integer.BYTES));
    return this;
  }

  /**
   * Adds eight bytes.
   *
   * @param value the number
   * @return this
   */
  public Frames i64(long value) {
    out.writeBytes(LittleEndian.bytes(value, Long.BYTES));
    return this;
  }

  /**
   * Adds the number of keys.
   *
   * @param keys how many
   * @return this
   */
  public Frames count(int keys) {
    if (keys > Limits.MAX_KEYS) {
      throw new InvalidInfoException(
          "one request may name at most " + Limits.MAX_KEYS + " keys, this one has " + keys);
    }
    return i64(keys);
  }

  /**
   * Adds a key.
   *
   * @param key as on the wire, prefix included
   * @return this
   */
  public Frames key(String key) {
    byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > Limits.MAX_KEY_BYTES) {
      throw new InvalidInfoException(
          "a key may have at most "
              + Limits.MAX_KEY_BYTES
              + " bytes on the wire, this one has "
              + bytes.length);
    }
    return string(bytes);
  }

  /**
   * Adds a value.
   *
   * @param value its bytes
   * @return this
   */
  public Frames value(byte[] value) {
    if (value.length > Limits.MAX_VALUE_BYTES) {
      throw new InvalidInfoException(
          "a value may have at most "
              + Limits.MAX_VALUE_BYTES
              + " bytes, this one has "
              + value.length);
    }
    return string(value);
  }

  private Frames string(byte[] bytes) {
    i64(bytes.length);
    out.writeBytes(bytes);
    return this;
  }

  ByteBuffer bytes() {
    return ByteBuffer.wrap(out.toByteArray());
  }
}
