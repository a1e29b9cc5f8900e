package dev.weightcast.spi.collective;

import dev.weightcast.api.DataType;
import dev.weightcast.api.Shape;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.WeightTransferException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.InflaterInputStream;

/** Lists of tensors as bytes: for the digest, and as notes where one is wanted in full. */
final class SpecNotes {

  /** How much of a list one note takes; a channel takes at least four times as much. */
  static final int NOTE_BYTES = 1 << 20;

  private static final int MAX_NAME_BYTES = 1 << 20;
  private static final int MAX_DIMENSIONS = 1 << 10;

  private SpecNotes() {}

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  static void write(List<TensorSpec> specs, MessageDigest digest) {
    try (OutputStream out = new DigestOutputStream(OutputStream.nullOutputStream(), digest)) {
      write(specs, out);
    } catch (IOException e) {
      throw new IllegalStateException("writing to nowhere failed", e);
    }
  }

  private static void write(List<TensorSpec> specs, OutputStream to) throws IOException {
    DataOutputStream out = new DataOutputStream(to);
    out.writeInt(specs.size());
    for (TensorSpec spec : specs) {
      write(spec.name(), out);
      write(spec.dataType().torchName(), out);
      long[] dimensions = spec.shape().dimensions();
      out.writeInt(dimensions.length);
      for (long dimension : dimensions) {
        out.writeLong(dimension);
      }
    }
    out.flush();
  }

  private static void write(String text, DataOutputStream out) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  /**
   * A list as notes, compressed; each begins with a byte that says whether another follows.
   *
   * @return at least one
   */
  static List<byte[]> toNotes(List<TensorSpec> specs) {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (OutputStream out = new DeflaterOutputStream(packed)) {
      write(specs, out);
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
    byte[] all = packed.toByteArray();
    int count = Math.max(1, (all.length + NOTE_BYTES - 1) / NOTE_BYTES);
    List<byte[]> notes = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      int from = i * NOTE_BYTES;
      int length = Math.min(NOTE_BYTES, all.length - from);
      byte[] note = new byte[1 + length];
      note[0] = (byte) (i < count - 1 ? 1 : 0);
      System.arraycopy(all, from, note, 1, length);
      notes.add(note);
    }
    return notes;
  }

  static boolean isFollowed(byte[] note) {
    return note.length > 0 && note[0] == 1;
  }

  /**
   * Reads what {@link #toNotes} has written.
   *
   * @throws IOException if it is something else
   */
  static List<TensorSpec> fromNotes(List<byte[]> notes) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] note : notes) {
      if (note.length == 0) {
        throw new IOException("an empty note");
      }
      all.write(note, 1, note.length - 1);
    }
    InputStream inflated = new InflaterInputStream(new ByteArrayInputStream(all.toByteArray()));
    try (DataInputStream in = new DataInputStream(inflated)) {
      int count = in.readInt();
      List<TensorSpec> specs = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        String name = text(in);
        DataType type = DataType.fromTorchName(text(in));
        long[] dimensions = new long[length(in, MAX_DIMENSIONS)];
        for (int d = 0; d < dimensions.length; d++) {
          dimensions[d] = in.readLong();
        }
        specs.add(new TensorSpec(name, type, Shape.of(dimensions)));
      }
      return specs;
    } catch (WeightTransferException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private static String text(DataInputStream in) throws IOException {
    int length = length(in, MAX_NAME_BYTES);
    byte[] bytes = new byte[length];
    in.readFully(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static int length(DataInputStream in, int atMost) throws IOException {
    int length = in.readInt();
    if (length < 0 || length > atMost) {
      throw new IOException("a length of " + length);
    }
    return length;
  }

  /**
   * The first difference between two lists, in words.
   *
   * @param here the list of one rank
   * @param mine that rank
   * @param there the list of the other
   * @param rank the other rank
   */
  static String firstDifference(List<TensorSpec> here, int mine, List<TensorSpec> there, int rank) {
    int common = Math.min(here.size(), there.size());
    int at = 0;
    while (at < common && here.get(at).equals(there.get(at))) {
      at++;
    }
    String which = "tensor " + (at + 1) + " ";
    if (at < common) {
      return which
          + "differs in "
          + what(here.get(at), there.get(at))
          + ": "
          + place(here, at, mine)
          + " and "
          + place(there, at, rank);
    }
    if (here.size() == there.size()) {
      return "the digests of their tensors differ, though every tensor is the same";
    }
    boolean more = here.size() > there.size();
    return which
        + "is "
        + (more ? place(here, at, mine) : place(there, at, rank))
        + ", and rank "
        + (more ? rank : mine)
        + " has "
        + common
        + " only";
  }

  private static String what(TensorSpec here, TensorSpec there) {
    if (!here.name().equals(there.name())) {
      return "name";
    }
    return here.dataType() == there.dataType() ? "shape" : "dtype";
  }

  private static String place(List<TensorSpec> specs, int at, int rank) {
    return specs.get(at) + " at rank " + rank + " (of " + specs.size() + " tensors)";
  }
}
