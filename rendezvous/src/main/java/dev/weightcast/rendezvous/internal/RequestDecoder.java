package dev.weightcast.rendezvous.internal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes requests out of bytes that come in any segmentation.
 *
 * <p>It keeps its place between calls and never looks at a byte twice. Memory grows with the bytes
 * that have come and not with the lengths that were announced, and every growth is taken from the
 * connection's {@link Account} first.
 */
final class RequestDecoder {

  private static final int FIRST_ALLOCATION = 256;
  private static final long COUNT_UNKNOWN = -1;

  private final Account account;
  private final byte[] head = new byte[Long.BYTES];
  private boolean validated;
  private @Nullable Operation operation;
  private long groupsLeft;
  private int field;
  private int headFilled;
  private byte @Nullable [] blob;
  private int blobLength;
  private int blobFilled;
  private List<String> keys = new ArrayList<>();
  private List<byte[]> values = new ArrayList<>();
  private long number;
  private long reserved;

  RequestDecoder(Account account) {
    this.account = account;
  }

  /**
   * The next request.
   *
   * @param in what has come; consumed up to the end of the request
   * @return the request, or null when all bytes are consumed and more are needed
   * @throws ProtocolException if no request begins like this; the decoder is then unusable
   */
  @Nullable Request next(ByteBuffer in) throws ProtocolException {
    if (operation == null) {
      if (!in.hasRemaining()) {
        return null;
      }
      operation = begin(Operation.of(in.get()));
    }
    Operation current = operation;
    while (groupsLeft != 0) {
      if (!(groupsLeft == COUNT_UNKNOWN ? count(in) : field(current, in))) {
        return null;
      }
    }
    operation = null;
    if (current == Operation.VALIDATE) {
      validate();
    }
    Request request = new Request(current, keys, values, number);
    keys = new ArrayList<>();
    values = new ArrayList<>();
    return request;
  }

  /** Whether a request has begun and not ended. */
  boolean inProgress() {
    return operation != null;
  }

  boolean validated() {
    return validated;
  }

  /**
   * Hands over the memory of the request that {@link #next} returned last.
   *
   * @return how many bytes are reserved for it in the account
   */
  long handOver() {
    long bytes = reserved;
    reserved = 0;
    return bytes;
  }

  private Operation begin(Operation begun) throws ProtocolException {
    if (validated == (begun == Operation.VALIDATE)) {
      throw new ProtocolException(
          validated
              ? "VALIDATE came a second time"
              : begun + " came before VALIDATE, which must be the first thing on a connection");
    }
    groupsLeft = begun.counted() ? COUNT_UNKNOWN : begun.fields().isEmpty() ? 0 : 1;
    field = 0;
    number = 0;
    return begun;
  }

  private void validate() throws ProtocolException {
    if ((int) number != Operation.MAGIC) {
      throw new ProtocolException(
          String.format("the magic number is 0x%08X, not 0x%08X", Operation.MAGIC, (int) number));
    }
    validated = true;
  }

  private boolean count(ByteBuffer in) throws ProtocolException {
    if (!fillHead(in, Long.BYTES)) {
      return false;
    }
    groupsLeft = length(Limits.MAX_KEYS, "keys in one request");
    return true;
  }

  private boolean field(Operation current, ByteBuffer in) throws ProtocolException {
    boolean complete =
        switch (current.fields().get(field)) {
          case U32 -> number(in, Integer.BYTES);
          case I64 -> number(in, Long.BYTES);
          case KEY -> key(in);
          case VALUE -> value(in);
        };
    if (complete && ++field == current.fields().size()) {
      field = 0;
      groupsLeft--;
    }
    return complete;
  }

  private boolean number(ByteBuffer in, int width) {
    if (!fillHead(in, width)) {
      return false;
    }
    number = LittleEndian.number(head, width);
    headFilled = 0;
    return true;
  }

  private boolean key(ByteBuffer in) throws ProtocolException {
    byte[] whole = blob(in, Limits.MAX_KEY_BYTES, "bytes in one key");
    return whole != null && keys.add(new String(whole, StandardCharsets.ISO_8859_1));
  }

  private boolean value(ByteBuffer in) throws ProtocolException {
    byte[] whole = blob(in, Limits.MAX_VALUE_BYTES, "bytes in one value");
    return whole != null && values.add(whole);
  }

  private byte @Nullable [] blob(ByteBuffer in, int max, String what) throws ProtocolException {
    byte[] target = blob;
    if (target == null) {
      if (!fillHead(in, Long.BYTES)) {
        return null;
      }
      blobLength = length(max, what);
      blobFilled = 0;
      target = new byte[take(Math.min(blobLength, FIRST_ALLOCATION), Limits.OBJECT_OVERHEAD)];
      blob = target;
    }
    while (blobFilled < blobLength && in.hasRemaining()) {
      if (blobFilled == target.length) {
        int grown = (int) Math.min(blobLength, 2L * target.length);
        take(grown - target.length, 0);
        target = Arrays.copyOf(target, grown);
        blob = target;
      }
      int step = Math.min(in.remaining(), target.length - blobFilled);
      in.get(target, blobFilled, step);
      blobFilled += step;
    }
    if (blobFilled < blobLength) {
      return null;
    }
    blob = null;
    return target;
  }

  private int take(int bytes, int overhead) throws ProtocolException {
    account.reserve(bytes + overhead);
    reserved += bytes + overhead;
    return bytes;
  }

  private int length(int max, String what) throws ProtocolException {
    long found = LittleEndian.number(head, Long.BYTES);
    headFilled = 0;
    if (found < 0 || found > max) {
      throw new ProtocolException(
          Long.toUnsignedString(found) + " " + what + ", at most " + max + " are allowed");
    }
    return (int) found;
  }

  private boolean fillHead(ByteBuffer in, int width) {
    int step = Math.min(in.remaining(), width - headFilled);
    in.get(head, headFilled, step);
    headFilled += step;
    return headFilled == width;
  }
}
