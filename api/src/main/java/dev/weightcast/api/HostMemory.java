package dev.weightcast.api;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Bytes on the host, of any length: a {@link ByteBuffer} ends at 2 GiB, this does not.
 *
 * <p>It is a view over one or more buffers of {@link #CHUNK_BYTES} each and owns nothing: what it
 * stands on is released when nothing refers to it any more. Reading and writing are absolute and
 * take no lock; several threads may use it at once on different bytes.
 */
public final class HostMemory implements Memory {

  /** The length of every chunk but the last: 1 GiB. */
  public static final int CHUNK_BYTES = 1 << 30;

  private static final int CHUNK_SHIFT = 30;

  private final List<ByteBuffer> chunks;
  private final long byteSize;

  private HostMemory(List<ByteBuffer> chunks, long byteSize) {
    this.chunks = List.copyOf(chunks);
    this.byteSize = byteSize;
  }

  /**
   * New memory outside the Java heap, filled with zeros. It counts against {@code
   * -XX:MaxDirectMemorySize}.
   *
   * @param byteSize how many bytes
   * @return the memory
   * @throws InvalidInfoException if the size is negative
   * @throws OutOfDeviceMemoryException if there is not so much
   */
  public static HostMemory allocate(long byteSize) {
    checkSize(byteSize);
    List<ByteBuffer> chunks = new ArrayList<>();
    for (long done = 0; done < byteSize; done += CHUNK_BYTES) {
      chunks.add(allocateChunk((int) Math.min(CHUNK_BYTES, byteSize - done), byteSize));
    }
    return new HostMemory(chunks, byteSize);
  }

  private static ByteBuffer allocateChunk(int bytes, long all) {
    try {
      return ByteBuffer.allocateDirect(bytes);
    } catch (OutOfMemoryError e) {
      throw new OutOfDeviceMemoryException(
          "no "
              + all
              + " bytes of host memory outside the Java heap: "
              + e.getMessage()
              + "; raise -XX:MaxDirectMemorySize",
          all);
    }
  }

  /**
   * The bytes between a buffer's position and its limit, shared and not copied.
   *
   * @param buffer the buffer; its position and limit are not changed
   * @return the memory, read-only if the buffer is
   */
  public static HostMemory wrap(ByteBuffer buffer) {
    ByteBuffer whole = buffer.slice();
    List<ByteBuffer> chunks = new ArrayList<>();
    for (long done = 0; done < whole.capacity(); done += CHUNK_BYTES) {
      int length = (int) Math.min(CHUNK_BYTES, whole.capacity() - done);
      chunks.add(whole.slice((int) done, length));
    }
    return new HostMemory(chunks, whole.capacity());
  }

  /**
   * A part of a file, mapped read-only. Pages are read when they are touched.
   *
   * @param file the open file; it may be closed afterwards
   * @param offset where the part starts
   * @param byteSize how long it is
   * @return the memory
   * @throws IOException if the part does not lie within the file, or mapping fails
   */
  public static HostMemory map(FileChannel file, long offset, long byteSize) throws IOException {
    checkSize(byteSize);
    long fileSize = file.size();
    if (offset < 0 || offset > fileSize - byteSize) {
      throw new IOException(
          "cannot map bytes "
              + offset
              + " to "
              + (offset + byteSize)
              + ": the file has "
              + fileSize);
    }
    List<ByteBuffer> chunks = new ArrayList<>();
    for (long done = 0; done < byteSize; done += CHUNK_BYTES) {
      long length = Math.min(CHUNK_BYTES, byteSize - done);
      chunks.add(file.map(FileChannel.MapMode.READ_ONLY, offset + done, length));
    }
    return new HostMemory(chunks, byteSize);
  }

  @Override
  public Device device() {
    return Device.CPU;
  }

  @Override
  public long byteSize() {
    return byteSize;
  }

  /**
   * Whether writing is refused.
   *
   * @return true for a mapped file and for a wrapped read-only buffer
   */
  public boolean isReadOnly() {
    return !chunks.isEmpty() && chunks.get(0).isReadOnly();
  }

  /**
   * A stretch of this memory as buffers, in order, sharing its bytes.
   *
   * @param offset where the stretch starts
   * @param byteSize how long it is
   * @return buffers positioned at their first byte, each at most {@link #CHUNK_BYTES} long; a
   *     stretch that lies within one chunk is one buffer
   * @throws IndexOutOfBoundsException if the stretch does not lie within this memory
   */
  public List<ByteBuffer> buffers(long offset, long byteSize) {
    Objects.checkFromIndexSize(offset, byteSize, this.byteSize);
    List<ByteBuffer> result = new ArrayList<>(1);
    long end = offset + byteSize;
    for (long at = offset; at < end; ) {
      ByteBuffer piece = piece(at, end - at);
      result.add(piece);
      at += piece.capacity();
    }
    return result;
  }

  /**
   * Fills a buffer from this memory.
   *
   * @param offset the first byte to read
   * @param into filled from its position to its limit
   * @throws IndexOutOfBoundsException if the bytes do not lie within this memory
   */
  public void read(long offset, ByteBuffer into) {
    Objects.checkFromIndexSize(offset, (long) into.remaining(), byteSize);
    for (long at = offset; into.hasRemaining(); ) {
      ByteBuffer piece = piece(at, into.remaining());
      at += piece.capacity();
      into.put(piece);
    }
  }

  /**
   * Writes a buffer into this memory.
   *
   * @param offset the first byte to write
   * @param from read from its position to its limit
   * @throws IndexOutOfBoundsException if the bytes do not lie within this memory
   * @throws java.nio.ReadOnlyBufferException if this memory is read-only
   */
  public void write(long offset, ByteBuffer from) {
    Objects.checkFromIndexSize(offset, (long) from.remaining(), byteSize);
    int limit = from.limit();
    for (long at = offset; from.hasRemaining(); ) {
      ByteBuffer piece = piece(at, from.remaining());
      at += piece.capacity();
      piece.put(from.limit(from.position() + piece.capacity()));
      from.limit(limit);
    }
  }

  /**
   * Copies bytes from another host memory into this one. The two stretches must not overlap.
   *
   * @param offset the first byte to write
   * @param source where to copy from
   * @param sourceOffset the first byte to read
   * @param byteSize how many bytes
   * @throws IndexOutOfBoundsException if either stretch does not lie within its memory
   * @throws java.nio.ReadOnlyBufferException if this memory is read-only
   */
  public void copyFrom(long offset, HostMemory source, long sourceOffset, long byteSize) {
    Objects.checkFromIndexSize(offset, byteSize, this.byteSize);
    Objects.checkFromIndexSize(sourceOffset, byteSize, source.byteSize);
    for (long done = 0; done < byteSize; ) {
      ByteBuffer to = piece(offset + done, byteSize - done);
      ByteBuffer from = source.piece(sourceOffset + done, to.capacity());
      int length = from.capacity();
      to.put(0, from, 0, length);
      done += length;
    }
  }

  /** Whether the byte at an offset has an address that is a multiple of a small power of two. */
  boolean isAligned(long offset, int unit) {
    if (unit == 1 || chunks.isEmpty() || offset == byteSize) {
      return true;
    }
    return chunks.get((int) (offset >>> CHUNK_SHIFT)).alignmentOffset((int) offset & MASK, unit)
        == 0;
  }

  private static final int MASK = CHUNK_BYTES - 1;

  /** The bytes from an offset on, as far as one chunk goes and at most so many. */
  private ByteBuffer piece(long offset, long atMost) {
    ByteBuffer chunk = chunks.get((int) (offset >>> CHUNK_SHIFT));
    int start = (int) (offset & MASK);
    return chunk.slice(start, (int) Math.min(atMost, chunk.capacity() - start));
  }

  private static void checkSize(long byteSize) {
    if (byteSize < 0) {
      throw new InvalidInfoException("host memory cannot have " + byteSize + " bytes");
    }
  }

  @Override
  public String toString() {
    return "HostMemory[" + byteSize + " bytes]";
  }
}
