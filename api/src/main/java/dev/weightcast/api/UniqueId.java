package dev.weightcast.api;

import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;

/**
 * The 128 bytes by which the ranks of one group find each other, NCCL's {@code ncclUniqueId}.
 *
 * <p>Whoever holds them can join the group: {@link #toString()} shows only the first bytes.
 */
public final class UniqueId {

  /** The length of a unique id, NCCL's {@code NCCL_UNIQUE_ID_BYTES}. */
  public static final int BYTES = 128;

  private final byte[] bytes;

  private UniqueId(byte[] bytes) {
    this.bytes = bytes;
  }

  /**
   * The id with the given bytes.
   *
   * @param bytes exactly {@link #BYTES} bytes; copied
   * @return the id
   * @throws InvalidInfoException if there are more or fewer
   */
  public static UniqueId of(byte[] bytes) {
    if (bytes.length != BYTES) {
      throw new InvalidInfoException(
          "a unique id is " + BYTES + " bytes long, this one has " + bytes.length);
    }
    return new UniqueId(bytes.clone());
  }

  /**
   * The id written as in {@code nccl_unique_id_b64}.
   *
   * @param base64 standard base64 (RFC 4648 section 4, not URL-safe) of the 128 bytes
   * @return the id
   * @throws InvalidInfoException if the text is not standard base64, or not of 128 bytes
   */
  public static UniqueId fromBase64(String base64) {
    byte[] decoded;
    try {
      decoded = Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      throw new InvalidInfoException(
          "nccl_unique_id_b64 is not valid standard base64 (RFC 4648, not URL-safe): "
              + e.getMessage(),
          e);
    }
    if (decoded.length != BYTES) {
      throw new InvalidInfoException(
          "nccl_unique_id_b64 must hold "
              + BYTES
              + " bytes, the text given decodes to "
              + decoded.length);
    }
    return new UniqueId(decoded);
  }

  /**
   * The id as in {@code nccl_unique_id_b64}.
   *
   * @return standard base64, 172 characters
   */
  public String toBase64() {
    return Base64.getEncoder().encodeToString(bytes);
  }

  /**
   * The bytes themselves.
   *
   * @return a fresh array of {@link #BYTES} bytes
   */
  public byte[] toByteArray() {
    return bytes.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof UniqueId id && Arrays.equals(bytes, id.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    return "UniqueId[" + HexFormat.of().formatHex(bytes, 0, 4) + "…]";
  }
}
