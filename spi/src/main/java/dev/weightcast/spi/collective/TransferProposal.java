package dev.weightcast.spi.collective;

import dev.weightcast.api.Packing;
import dev.weightcast.api.TensorSpec;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;

/**
 * What one rank is about to transfer, short enough to be compared: the parameters in clear, the
 * tensors as a digest.
 *
 * @param protocol the version of the notes
 * @param root the rank that sends
 * @param packing how the tensors are grouped
 * @param tensors how many there are
 * @param digest over the tensors, in order
 */
record TransferProposal(int protocol, int root, Packing packing, int tensors, List<Byte> digest) {

  /** The version of the notes that this code writes and reads. */
  static final int PROTOCOL = 1;

  static TransferProposal of(int root, Packing packing, List<TensorSpec> specs) {
    MessageDigest sha = SpecNotes.sha256();
    SpecNotes.write(specs, sha);
    return new TransferProposal(PROTOCOL, root, packing, specs.size(), boxed(sha.digest()));
  }

  /** The rank's note. The version comes first: what follows it may change with it. */
  byte[] toNote() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeInt(protocol);
      out.writeInt(root);
      out.writeBoolean(packing.packed());
      out.writeLong(packing.bufferSizeBytes());
      out.writeInt(packing.numBuffers());
      out.writeInt(tensors);
      for (byte each : digest) {
        out.writeByte(each);
      }
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
    return bytes.toByteArray();
  }

  /**
   * Reads another rank's note. One of another version is read no further.
   *
   * @throws IOException if it is none
   */
  static TransferProposal fromNote(byte[] note) throws IOException {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(note))) {
      int protocol = in.readInt();
      if (protocol != PROTOCOL) {
        return new TransferProposal(protocol, -1, Packing.UNPACKED, 0, List.of());
      }
      int root = in.readInt();
      boolean packed = in.readBoolean();
      long bufferSize = in.readLong();
      int numBuffers = in.readInt();
      if (bufferSize < 1 || numBuffers < 1) {
        throw new IOException("a packing of " + bufferSize + " bytes, " + numBuffers + " buffers");
      }
      int tensors = in.readInt();
      return new TransferProposal(
          protocol,
          root,
          new Packing(packed, bufferSize, numBuffers),
          tensors,
          boxed(in.readAllBytes()));
    }
  }

  /**
   * The first parameter in which another rank differs.
   *
   * @return both values, in words, or empty if at most the tensors differ
   */
  Optional<String> parameterDifference(int mine, int rank, TransferProposal other) {
    if (protocol != other.protocol) {
      return Optional.of(
          values("the version of Weightcast's notes", mine, protocol, rank, other.protocol));
    }
    if (root != other.root) {
      return Optional.of(values("root", mine, root, rank, other.root));
    }
    Packing here = packing;
    Packing there = other.packing;
    if (here.packed() != there.packed()) {
      return Optional.of(values("packed", mine, here.packed(), rank, there.packed()));
    }
    if (!here.packed()) {
      return Optional.empty(); // the other two say nothing then
    }
    if (here.bufferSizeBytes() != there.bufferSizeBytes()) {
      return Optional.of(
          values(
              "packed_buffer_size_bytes",
              mine,
              here.bufferSizeBytes(),
              rank,
              there.bufferSizeBytes()));
    }
    return here.numBuffers() == there.numBuffers()
        ? Optional.empty()
        : Optional.of(
            values("packed_num_buffers", mine, here.numBuffers(), rank, there.numBuffers()));
  }

  boolean hasSameTensors(TransferProposal other) {
    return tensors == other.tensors && digest.equals(other.digest);
  }

  private static String values(String what, int mine, Object here, int rank, Object there) {
    return what + " is " + here + " at rank " + mine + " and " + there + " at rank " + rank;
  }

  private static List<Byte> boxed(byte[] bytes) {
    Byte[] boxed = new Byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      boxed[i] = bytes[i];
    }
    return List.of(boxed);
  }
}
