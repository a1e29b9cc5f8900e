package dev.weightcast.cli;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.UniqueId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;

/** A unique id's way between processes that share a file system: its 128 bytes, and no more. */
final class UniqueIdFile {

  private static final Duration LOOK = Duration.ofMillis(20);

  private final Path file;

  UniqueIdFile(Path file) {
    this.file = file;
  }

  /** Writes it under another name and renames it: nobody sees half of it. */
  void write(UniqueId id) {
    Path target = file.toAbsolutePath();
    Path hidden = target.resolveSibling("." + target.getFileName() + ".tmp");
    try {
      Files.write(hidden, id.toByteArray());
      Files.move(hidden, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UsageException("--unique-id-file: '" + file + "' cannot be written: " + e, e);
    }
  }

  /** Removes it: the next group has another id, and nobody shall wait for this one. */
  void remove() {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UsageException("--unique-id-file: '" + file + "' cannot be removed: " + e, e);
    }
  }

  /** Waits until it is there. Ctrl-C ends the wait. */
  UniqueId await(Duration timeout, Interruption interruption) {
    Deadline deadline = Deadline.after(timeout);
    while (!deadline.isOver()) {
      try {
        byte[] bytes = Files.readAllBytes(file);
        if (bytes.length != UniqueId.BYTES) {
          throw new UsageException(
              "--unique-id-file: '"
                  + file
                  + "' has "
                  + bytes.length
                  + " bytes, a unique id has "
                  + UniqueId.BYTES
                  + "; is it the sender's file?");
        }
        return UniqueId.of(bytes);
      } catch (NoSuchFileException e) {
        if (interruption.await(LOOK)) {
          throw new CliException(ExitCode.INTERRUPTED, "no unique id had come yet", e);
        }
      } catch (IOException e) {
        throw new UsageException("--unique-id-file: '" + file + "' cannot be read: " + e, e);
      }
    }
    throw new CliException(
        ExitCode.FAILED,
        "no unique id came within "
            + TimeSpan.text(timeout)
            + " in '"
            + file
            + "'; is the sender running, with the same --unique-id-file?",
        null);
  }
}
