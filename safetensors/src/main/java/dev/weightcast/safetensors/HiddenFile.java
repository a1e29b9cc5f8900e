package dev.weightcast.safetensors;

import dev.weightcast.api.WeightTransferException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.UUID;

/** A file that has its name only once it is whole. */
final class HiddenFile implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger(HiddenFile.class.getName());

  // A buffer on the heap is copied outside of it by the write, and as much memory kept for that as
  // the largest write took.
  private static final int PIECE_BYTES = 4 << 20;

  private final Path file;
  private final Path hidden;
  private final FileChannel channel;
  private boolean open = true;

  private HiddenFile(Path file, Path hidden, FileChannel channel) {
    this.file = file;
    this.hidden = hidden;
    this.channel = channel;
  }

  /** Creates the file, with its first bytes. */
  static HiddenFile create(Path file, ByteBuffer firstBytes) {
    // Not Files.createTempFile, whose files are for their owner's eyes alone; the suffix is not the
    // format's own, so that nobody takes it for a part of the checkpoint.
    Path hidden = file.resolveSibling(".weightcast-" + UUID.randomUUID() + ".tmp");
    FileChannel channel;
    try {
      channel = FileChannel.open(hidden, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
    } catch (NoSuchFileException e) {
      throw new CheckpointIoException(
          "cannot write '" + file + "': its directory does not exist; create it first", file, e);
    } catch (IOException e) {
      throw CheckpointIoException.of("write", file, e);
    }
    HiddenFile result = new HiddenFile(file, hidden, channel);
    try {
      result.write(0, List.of(firstBytes.duplicate()));
      return result;
    } catch (WeightTransferException e) {
      result.close();
      throw e;
    }
  }

  Path file() {
    return file;
  }

  void write(long offset, List<ByteBuffer> data) {
    checkOpen();
    try {
      long at = offset;
      for (ByteBuffer buffer : data) {
        int limit = buffer.limit();
        while (buffer.position() < limit) {
          buffer.limit(Math.min(limit, buffer.position() + PIECE_BYTES));
          at += channel.write(buffer, at);
        }
      }
    } catch (IOException e) {
      throw CheckpointIoException.of("write", file, e);
    }
  }

  /** Gives the file its name. */
  void publish() {
    checkOpen();
    try {
      channel.force(true); // a name that outlives a power failure must not outlive its data
      channel.close();
      Files.move(hidden, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw CheckpointIoException.of("finish", file, e);
    }
    open = false;
  }

  /** Removes the file if it has not got its name. */
  @Override
  public void close() {
    if (!open) {
      return;
    }
    open = false;
    try {
      channel.close();
      Files.deleteIfExists(hidden);
    } catch (IOException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "'" + hidden + "' is left over from writing '" + file + "', remove it: " + e);
    }
  }

  private void checkOpen() {
    if (!open) {
      throw new WeightTransferException(
          "the writer of '" + file + "' was finished or closed; create another to write it again");
    }
  }
}
