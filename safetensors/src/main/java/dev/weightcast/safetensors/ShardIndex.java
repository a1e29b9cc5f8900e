package dev.weightcast.safetensors;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Which shard of a checkpoint has which tensors, as {@code model.safetensors.index.json} says.
 *
 * <p>Of the index only {@code weight_map} counts. Its {@code metadata} is passed over, the {@code
 * total_size} in it too: in the wild it is at times a fraction, or wrong, and a shard that was cut
 * short does not get past its own header anyway.
 *
 * @param file the index
 * @param shards the names of each shard's tensors, by the shard's path, in the paths' order
 */
record ShardIndex(Path file, Map<Path, Set<String>> shards) {

  /**
   * Reads an index.
   *
   * @throws InvalidCheckpointException if it is none, or names a shard outside its directory
   * @throws CheckpointIoException if it cannot be read
   */
  static ShardIndex read(Path file) {
    JsonReader json = new JsonReader(file, "index", bytes(file));
    @Nullable Map<Path, Set<String>> shards = null;
    Set<String> fields = new HashSet<>();
    String field;
    while ((field = json.nextField("the index", fields)) != null) {
      if (field.equals("weight_map")) {
        shards = weightMap(file, json);
      } else {
        json.skipValue();
      }
    }
    json.end();
    if (shards == null || shards.isEmpty()) {
      throw json.fail(
          "the index has "
              + (shards == null ? "no weight_map" : "an empty weight_map")
              + ", which says in which file each tensor is");
    }
    return new ShardIndex(file, shards);
  }

  private static byte[] bytes(Path file) {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw InvalidCheckpointException.of(file, null, "the index is not a regular file");
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(Limits.HEADER_BYTES + 1);
      if (bytes.length > Limits.HEADER_BYTES) {
        throw InvalidCheckpointException.of(
            file,
            null,
            "the index has "
                + Files.size(file)
                + " bytes, at most "
                + Limits.HEADER_BYTES
                + " are read");
      }
      return bytes;
    } catch (IOException e) {
      throw CheckpointIoException.of("read", file, e);
    }
  }

  private static Map<Path, Set<String>> weightMap(Path file, JsonReader json) {
    json.beginObject("weight_map");
    Map<Path, Set<String>> shards = new TreeMap<>();
    Set<String> names = new HashSet<>();
    String name;
    while ((name = json.nextField("weight_map", names)) != null) {
      json.at(name);
      Path shard = shard(file, json, json.string("its shard"));
      shards.computeIfAbsent(shard, key -> new LinkedHashSet<>()).add(name);
      json.at(null);
    }
    return shards;
  }

  /**
   * A shard's path, below the index's directory by its name. Where a link of that name leads is not
   * looked at: download caches keep every shard as a link to a store elsewhere.
   */
  private static Path shard(Path file, JsonReader json, String name) {
    Path relative;
    try {
      relative = file.getFileSystem().getPath(name);
    } catch (InvalidPathException e) {
      throw json.fail("its shard " + Quoted.name(name) + " cannot be the name of a file", e);
    }
    for (Path part : relative) {
      if (relative.isAbsolute() || part.toString().equals("..") || name.isEmpty()) {
        throw json.fail(
            "its shard " + Quoted.name(name) + " must lie in the directory of the index");
      }
    }
    return file.resolveSibling(relative.normalize());
  }
}
