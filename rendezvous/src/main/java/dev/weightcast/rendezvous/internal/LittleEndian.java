package dev.weightcast.rendezvous.internal;

/** Numbers as this wire writes them. */
final class LittleEndian {

  private LittleEndian() {}

  /** The unsigned number in the first bytes; all eight make a signed one. */
  static long number(byte[] bytes, int width) {
    long value = 0;
    for (int i = width - 1; i >= 0; i--) {
      value = (value << Byte.SIZE) | Byte.toUnsignedLong(bytes[i]);
    }
    return value;
  }

  /** The bytes of a number, lowest first. */
  static byte[] bytes(long value, int width) {
    byte[] bytes = new byte[width];
    for (int i = 0; i < width; i++) {
      bytes[i] = (byte) (value >>> (i * Byte.SIZE));
    }
    return bytes;
  }
}
