package dev.weightcast.safetensors;

import dev.weightcast.api.HostMemory;
import dev.weightcast.api.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;

/** One file, checked and mapped: its tensors in the order of their data. */
record CheckpointFile(Path path, Map<String, String> metadata, List<Tensor> tensors) {

  private static final int LENGTH_BYTES = Long.BYTES;

  /**
   * Opens a file.
   *
   * @throws InvalidCheckpointException if it is not a safetensors file
   * @throws CheckpointIoException if it cannot be read
   */
  static CheckpointFile open(Path path) {
    // Opening a pipe waits for somebody to write to it.
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      throw InvalidCheckpointException.of(path, null, "not a regular file; give a file on a disk");
    }
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      long fileSize = channel.size();
      int headerSize = headerSize(path, channel, fileSize);
      Header header = HeaderParser.parse(path, header(path, channel, headerSize));
      long dataStart = LENGTH_BYTES + (long) headerSize;
      DataArea area = new DataArea(path, dataStart, fileSize - dataStart);
      List<HeaderEntry> entries = area.arrange(header.entries());
      HostMemory data = HostMemory.map(channel, area.start(), area.byteSize());
      return new CheckpointFile(
          path,
          header.metadata(),
          entries.stream().map(entry -> new Tensor(entry.spec(), data, entry.begin())).toList());
    } catch (IOException e) {
      throw CheckpointIoException.of("read", path, e);
    }
  }

  private static int headerSize(Path path, FileChannel channel, long fileSize) throws IOException {
    if (fileSize < LENGTH_BYTES) {
      throw InvalidCheckpointException.of(
          path,
          null,
          "the file has "
              + fileSize
              + " bytes, a safetensors file begins with "
              + LENGTH_BYTES
              + " that say how long its header is; it was cut short, copy it again");
    }
    long size = read(path, channel, 0, LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN).getLong();
    if (size < 0 || size > Limits.HEADER_BYTES) {
      throw InvalidCheckpointException.of(
          path,
          null,
          "the header says it has "
              + Long.toUnsignedString(size)
              + " bytes, the format allows "
              + Limits.HEADER_BYTES
              + "; is this a safetensors file?");
    }
    if (size > fileSize - LENGTH_BYTES) {
      throw InvalidCheckpointException.of(
          path,
          null,
          "the header says it has "
              + size
              + " bytes, only "
              + (fileSize - LENGTH_BYTES)
              + " of the file's "
              + fileSize
              + " follow; it was cut short, copy it again");
    }
    return (int) size;
  }

  private static byte[] header(Path path, FileChannel channel, int size) throws IOException {
    byte[] header = read(path, channel, LENGTH_BYTES, size).array();
    if (size == 0 || header[0] != '{') {
      throw InvalidCheckpointException.of(
          path,
          null,
          "the header of "
              + size
              + " bytes must begin with '{'"
              + (size == 0 ? "" : ", found 0x" + Integer.toHexString(header[0] & 0xff))
              + "; is this a safetensors file?");
    }
    return header;
  }

  private static ByteBuffer read(Path path, FileChannel channel, long offset, int size)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(size);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, offset + buffer.position()) < 0) {
        throw InvalidCheckpointException.of(
            path,
            null,
            "the file became shorter while it was read: it ends at "
                + (offset + buffer.position())
                + ", expected "
                + (offset + size)
                + "; do not write to a checkpoint that is in use");
      }
    }
    return buffer.flip();
  }
}
