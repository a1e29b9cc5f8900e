package dev.weightcast.safetensors;

import dev.weightcast.api.Tensor;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Finds the files of a checkpoint and opens them. */
final class Checkpoint {

  private static final String SUFFIX = ".safetensors";
  private static final String INDEX_SUFFIX = SUFFIX + ".index.json";
  private static final String FILE = "model" + SUFFIX;
  private static final String INDEX = "model" + INDEX_SUFFIX;

  private Checkpoint() {}

  static List<CheckpointFile> open(Path path) {
    if (!Files.isDirectory(path)) {
      return path.toString().endsWith(INDEX_SUFFIX)
          ? sharded(path)
          : List.of(CheckpointFile.open(path));
    }
    Path index = path.resolve(INDEX);
    return Files.exists(index) ? sharded(index) : List.of(CheckpointFile.open(only(path)));
  }

  private static Path only(Path directory) {
    Path file = directory.resolve(FILE);
    if (Files.exists(file)) {
      return file;
    }
    List<Path> found = find(directory);
    if (found.size() == 1) {
      return found.get(0);
    }
    throw InvalidCheckpointException.of(
        directory,
        null,
        "the directory has neither "
            + INDEX
            + " nor "
            + FILE
            + ", and "
            + (found.isEmpty() ? "no other *" + SUFFIX : found.size() + " files: " + names(found))
            + "; give the file itself, or the directory that has the index");
  }

  private static List<Path> find(Path directory) {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*" + SUFFIX)) {
      files.forEach(found::add);
    } catch (IOException e) {
      throw CheckpointIoException.of("list", directory, e);
    }
    Collections.sort(found);
    return found;
  }

  private static String names(List<Path> files) {
    List<String> names =
        files.stream().limit(8).map(file -> Quoted.plain(file.getFileName() + "")).toList();
    return String.join(", ", names) + (files.size() > names.size() ? ", …" : "");
  }

  private static List<CheckpointFile> sharded(Path indexFile) {
    ShardIndex index = ShardIndex.read(indexFile);
    List<CheckpointFile> files = new ArrayList<>();
    for (Map.Entry<Path, Set<String>> shard : index.shards().entrySet()) {
      files.add(shard(index, shard.getKey(), shard.getValue()));
    }
    return files;
  }

  private static CheckpointFile shard(ShardIndex index, Path path, Set<String> expected) {
    String first = expected.iterator().next();
    if (Files.notExists(path)) {
      throw InvalidCheckpointException.of(
          index.file(),
          first,
          "its shard '"
              + path
              + "' does not exist ("
              + expected.size()
              + " tensors are said to be in it); download it, or write the checkpoint again");
    }
    CheckpointFile file = CheckpointFile.open(path);
    Set<String> missing = new HashSet<>(expected);
    for (Tensor tensor : file.tensors()) {
      if (!missing.remove(tensor.name())) {
        throw InvalidCheckpointException.of(
            path, tensor.name(), "is in this shard, " + placedBy(index, tensor.name()));
      }
    }
    expected.stream()
        .filter(missing::contains)
        .findFirst()
        .ifPresent(
            name -> {
              throw InvalidCheckpointException.of(
                  path,
                  name,
                  "the index '"
                      + index.file()
                      + "' says it is in this shard, it is not ("
                      + missing.size()
                      + " of "
                      + expected.size()
                      + " missing); index and shard are not of one checkpoint");
            });
    return file;
  }

  private static String placedBy(ShardIndex index, String name) {
    return index.shards().entrySet().stream()
        .filter(shard -> shard.getValue().contains(name))
        .findFirst()
        .map(shard -> "but the index '" + index.file() + "' places it in '" + shard.getKey() + "'")
        .orElse("but the index '" + index.file() + "' does not have it");
  }
}
