package dev.weightcast.safetensors;

import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.WeightPass;
import dev.weightcast.api.WeightSource;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A checkpoint in the safetensors format as a source of weights: one file, or a directory with an
 * index and its shards.
 *
 * <p>Opening reads and checks the headers and maps the files; no weight is read or copied before
 * somebody touches it. The tensors are on the host and read-only, and may be larger than 2 GiB. The
 * order is that of the bytes: within a file by offset (empty tensors that share one by name), and
 * files by name; the order of the names in a header or an index has no say in it.
 *
 * <p>There is nothing to close: no file stays open, and the mapping goes when neither the source
 * nor a tensor of it is referred to any more, which is what keeps a transfer that is still reading
 * safe. Replacing a file by renaming another over it leaves an open source untouched; a file that
 * is <em>changed</em> or cut short in place pulls the bytes away under its readers, and the virtual
 * machine may end for it.
 *
 * <p>Immutable; may be shared by threads, each with passes of its own.
 */
public final class SafetensorsSource implements WeightSource {

  private final Path path;
  private final List<Path> files;
  private final Map<String, String> metadata;
  private final Map<String, Tensor> tensors;
  private final WeightSource source;

  private SafetensorsSource(Path path, List<CheckpointFile> files) {
    this.path = path;
    this.files = files.stream().map(CheckpointFile::path).toList();
    Map<String, String> merged = new LinkedHashMap<>();
    Map<String, Tensor> byName = new LinkedHashMap<>();
    for (CheckpointFile file : files) {
      file.metadata().forEach(merged::putIfAbsent);
      file.tensors().forEach(tensor -> byName.put(tensor.name(), tensor));
    }
    this.metadata = Collections.unmodifiableMap(merged);
    this.tensors = Collections.unmodifiableMap(byName);
    this.source = WeightSource.of(List.copyOf(byName.values()));
  }

  /**
   * Opens a checkpoint.
   *
   * <p>A directory is opened by its {@code model.safetensors.index.json}; without one by its {@code
   * model.safetensors}; without that by its only {@code *.safetensors}. With an index every shard
   * it names must be there, below its directory, and have exactly the tensors that the index says;
   * files that it does not name are not looked at. An index may also be given itself, under any
   * name that ends with {@code .safetensors.index.json}.
   *
   * @param path a file, an index or a directory
   * @return the source
   * @throws InvalidCheckpointException if there is no checkpoint in the directory, or one of its
   *     files is not what the format demands; names the file, the tensor and the numbers
   * @throws CheckpointIoException if a file cannot be read or mapped
   */
  public static SafetensorsSource open(Path path) {
    return new SafetensorsSource(path, Checkpoint.open(path));
  }

  @Override
  public List<TensorSpec> specs() {
    return source.specs();
  }

  @Override
  public WeightPass open() {
    return source.open();
  }

  /**
   * One tensor, out of turn.
   *
   * @param name its name
   * @return the tensor, on the host and read-only
   * @throws InvalidInfoException if there is none of that name
   */
  public Tensor tensor(String name) {
    return Optional.ofNullable(tensors.get(name))
        .orElseThrow(
            () ->
                new InvalidInfoException(
                    "'"
                        + path
                        + "' has no tensor "
                        + Quoted.name(name)
                        + " among its "
                        + tensors.size()
                        + "; specs() lists them"));
  }

  /**
   * What the files' {@code __metadata__} says, such as {@code format} = {@code pt}.
   *
   * @return the entries of all files; where files differ, the first file's
   */
  public Map<String, String> metadata() {
    return metadata;
  }

  /**
   * The files that the tensors are in.
   *
   * @return their paths, in the order in which they are read
   */
  public List<Path> files() {
    return files;
  }

  /** The path, and how many files, tensors and bytes of weights. */
  @Override
  public String toString() {
    return "SafetensorsSource['"
        + path
        + "', "
        + files.size()
        + " files, "
        + tensors.size()
        + " tensors, "
        + tensors.values().stream().mapToLong(Tensor::byteSize).sum()
        + " bytes]";
  }
}
