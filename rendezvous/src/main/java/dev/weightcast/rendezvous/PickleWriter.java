package dev.weightcast.rendezvous;

import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.UniqueId;
import dev.weightcast.rendezvous.internal.LittleEndian;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** Writes the pickles of this wire, protocol 4, byte for byte as Python does for short values. */
final class PickleWriter {

  private static final String ID_PREFIX =
      "800495ec000000000000008c075f637479706573948c095f756e7069636b6c659493948c34"
          + "766c6c6d2e64697374726962757465642e6465766963655f636f6d6d756e696361746f72732e70796e63636c5f"
          + "77726170706572948c0c6e63636c556e6971756549649493947d944380";
  private static final String ID_SUFFIX = "948694869452942e";

  // Python opens a frame for payloads up to this size and writes longer ones without.
  private static final int MAX_FRAME = 64 << 10;

  private PickleWriter() {}

  /**
   * The pickle of a value.
   *
   * @param value the value
   * @return a fresh array
   */
  static byte[] write(SharedValue value) {
    if (value instanceof SharedValue.Text text) {
      byte[] utf8 = utf8(text.text());
      return framed(PickleOp.SHORT_BINUNICODE, PickleOp.BINUNICODE, utf8);
    }
    if (value instanceof SharedValue.Bytes bytes) {
      return framed(PickleOp.SHORT_BINBYTES, PickleOp.BINBYTES, bytes.content());
    }
    if (value instanceof SharedValue.Id id) {
      return id(id.id());
    }
    return new byte[] {(byte) PickleOp.PROTO, 4, PickleOp.NONE, PickleOp.STOP};
  }

  private static byte[] id(UniqueId id) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(HexFormat.of().parseHex(ID_PREFIX));
    out.writeBytes(id.toByteArray());
    out.writeBytes(HexFormat.of().parseHex(ID_SUFFIX));
    return out.toByteArray();
  }

  private static byte[] framed(int shortOp, int longOp, byte[] content) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    if (content.length <= 0xff) {
      body.write(shortOp);
      body.write(content.length);
    } else {
      body.write(longOp);
      body.writeBytes(LittleEndian.bytes(content.length, Integer.BYTES));
    }
    body.writeBytes(content);
    body.write(PickleOp.MEMOIZE);
    body.write(PickleOp.STOP);

    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(PickleOp.PROTO);
    out.write(4);
    if (body.size() <= MAX_FRAME) {
      out.write(PickleOp.FRAME);
      out.writeBytes(LittleEndian.bytes(body.size(), Long.BYTES));
    }
    out.writeBytes(body.toByteArray());
    return out.toByteArray();
  }

  private static byte[] utf8(String text) {
    try {
      ByteBuffer encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      byte[] bytes = new byte[encoded.remaining()];
      encoded.get(bytes);
      return bytes;
    } catch (CharacterCodingException e) {
      throw new InvalidInfoException(
          "the text has an unpaired surrogate and is no Unicode text; send it as bytes", e);
    }
  }
}
