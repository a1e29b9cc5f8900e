package dev.weightcast.api;

/**
 * One copy of bytes from one memory to another; what {@link DeviceStream#copy} is given a list of.
 *
 * @param source where the bytes are
 * @param sourceOffset the first byte to read
 * @param destination where they go
 * @param destinationOffset the first byte to write
 * @param byteSize how many bytes; nothing is assumed about alignment
 */
public record MemoryCopy(
    Memory source, long sourceOffset, Memory destination, long destinationOffset, long byteSize) {

  /**
   * Checks that both stretches lie within their memory.
   *
   * @throws InvalidInfoException if one does not; the message has the numbers
   */
  public MemoryCopy {
    check("source", source, sourceOffset, byteSize);
    check("destination", destination, destinationOffset, byteSize);
  }

  private static void check(String which, Memory memory, long offset, long byteSize) {
    if (byteSize < 0 || offset < 0 || offset > memory.byteSize() - byteSize) {
      throw new InvalidInfoException(
          "a copy of "
              + byteSize
              + " bytes at offset "
              + offset
              + " does not fit its "
              + which
              + " of "
              + memory.byteSize()
              + " bytes on "
              + memory.device());
    }
  }
}
