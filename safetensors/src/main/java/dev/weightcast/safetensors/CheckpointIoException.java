package dev.weightcast.safetensors;

import dev.weightcast.api.WeightTransferException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * The file system did not let a checkpoint be read or written: it is not there, may not be read,
 * the disk is full. Says nothing about what is in the file.
 */
public class CheckpointIoException extends WeightTransferException {

  private static final long serialVersionUID = 1L;

  private final String file;

  /**
   * A failure of the file system.
   *
   * @param message the whole message
   * @param file the file or directory that was to be read or written
   * @param cause what the file system said
   */
  public CheckpointIoException(String message, Path file, IOException cause) {
    super(message, cause);
    this.file = file.toString(); // a Path is not serializable
  }

  static CheckpointIoException of(String what, Path file, IOException cause) {
    return new CheckpointIoException(
        "cannot " + what + " '" + file + "': " + reason(cause), file, cause);
  }

  private static String reason(IOException cause) {
    if (cause instanceof NoSuchFileException missing) {
      return "'" + missing.getFile() + "' does not exist; check the path";
    }
    if (cause instanceof AccessDeniedException denied) {
      return "access to '" + denied.getFile() + "' was denied; check its permissions and owner";
    }
    return cause.toString();
  }

  /**
   * The file or directory that was to be read or written.
   *
   * @return its path as it was given, or found below the directory that was given
   */
  public String file() {
    return file;
  }
}
