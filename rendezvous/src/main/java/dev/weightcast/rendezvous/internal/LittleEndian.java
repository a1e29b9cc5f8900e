package dev.weightcast.rendezvous.internal;

/** Numbers as this wire writes them. */
public final class LittleEndian {

  private LittleEndian() {}

  /** The unsigned number in the first bytes; all eight make a signed one. */
  static long number(byte[] bytes, int width) {
    long value = 0;
    for (int i = width - 1; i >= 0; i--) {
      value = (value << Byte.SIZE) | Byte.toUnsignedLong(bytes[i]);
    }
    return value;
  }

  /**
   * Writes a number, its lowest byte first.
   *
   * @param value the number
   * @param width how many bytes
   * @return the bytes
   */
  public static byte[] bytes(long value, int width) {
    byte[] bytes = new byte[width];
    for (int i = 0; i < width; i++) {
      bytes[i] = (byte) (value >>> (i * Byte.SIZE));
    }
    return bytes;
  }
}
