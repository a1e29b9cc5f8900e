package dev.weightcast.safetensors;

import dev.weightcast.api.WeightTransferException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A checkpoint is not what its format demands: the message names the file, the tensor and the
 * offending numbers. Reading it again gives the same; it has to be written or copied again.
 */
public class InvalidCheckpointException extends WeightTransferException {

  private static final long serialVersionUID = 1L;

  private final String file;
  private final @Nullable String tensor;

  /**
   * A refusal with its cause.
   *
   * @param message the whole message
   * @param file the file or directory that was refused
   * @param tensor the tensor that it was refused for, or null where it is no single one
   * @param cause what led to it, or null
   */
  public InvalidCheckpointException(
      String message, Path file, @Nullable String tensor, @Nullable Throwable cause) {
    super(message, cause);
    this.file = file.toString(); // a Path is not serializable
    this.tensor = tensor;
  }

  static InvalidCheckpointException of(Path file, @Nullable String tensor, String problem) {
    return of(file, tensor, problem, null);
  }

  static InvalidCheckpointException of(
      Path file, @Nullable String tensor, String problem, @Nullable Throwable cause) {
    String where = "'" + file + "'" + (tensor == null ? "" : ", tensor " + Quoted.name(tensor));
    return new InvalidCheckpointException(where + ": " + problem, file, tensor, cause);
  }

  /**
   * The file or directory that was refused.
   *
   * @return its path as it was given, or found below the directory that was given
   */
  public String file() {
    return file;
  }

  /**
   * The tensor that the file was refused for.
   *
   * @return its name, complete and unescaped; empty where the problem is no single tensor's
   */
  public Optional<String> tensor() {
    return Optional.ofNullable(tensor);
  }
}
