package dev.weightcast.spi.collective;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What the root says to the proposals of the others.
 *
 * @param kind what it comes to
 * @param rank who differs or is asked; -1 if nobody
 * @param text the version, or the difference; may be empty
 */
record Verdict(Kind kind, int rank, String text) {

  /** What a verdict may come to. */
  enum Kind {
    /** All are about to transfer the same. */
    AGREED(0),
    /** The tensors differ, and one rank is to list its own; a ruling follows. */
    TENSORS_WANTED(1),
    /** There is a difference, and it has been found. */
    DIFFERS(2);

    private final int code;

    Kind(int code) {
      this.code = code;
    }

    private static Kind of(int code) throws IOException {
      for (Kind kind : values()) {
        if (kind.code == code) {
          return kind;
        }
      }
      throw new IOException("a verdict of kind " + code);
    }
  }

  private static final int MAX_TEXT_BYTES = 1 << 20;

  static Verdict agreed(Optional<String> version) {
    return new Verdict(Kind.AGREED, -1, version.orElse(""));
  }

  static Verdict tensorsWanted(int rank) {
    return new Verdict(Kind.TENSORS_WANTED, rank, "");
  }

  static Verdict differs(int rank, String difference) {
    return new Verdict(Kind.DIFFERS, rank, difference);
  }

  Optional<String> version() {
    return text.isEmpty() ? Optional.empty() : Optional.of(text);
  }

  String difference() {
    return text;
  }

  byte[] toNote() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeByte(kind.code);
      out.writeInt(rank);
      out.write(text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
    return bytes.toByteArray();
  }

  /**
   * Reads a note.
   *
   * @throws IOException if it is no verdict
   */
  static Verdict fromNote(byte[] note) throws IOException {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(note))) {
      Kind kind = Kind.of(in.readUnsignedByte());
      int rank = in.readInt();
      byte[] text = in.readNBytes(MAX_TEXT_BYTES);
      return new Verdict(kind, rank, new String(text, StandardCharsets.UTF_8));
    }
  }

  /** Whether a note is a verdict that ends the transfer. */
  static boolean isFinal(byte[] note) {
    return note.length > 0 && note[0] == Kind.DIFFERS.code;
  }
}
