package dev.weightcast.backend.nccl;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.Packing;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.UniqueId;
import dev.weightcast.safetensors.SafetensorsSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** {@code key=value} words of the command line, and the folder in which the two sides meet. */
final class LiveArguments {

  private static final long PATIENCE_MILLIS = 120_000;

  private final Map<String, String> values = new HashMap<>();

  LiveArguments(String[] words) {
    for (String word : words) {
      int equals = word.indexOf('=');
      values.put(word.substring(0, equals), word.substring(equals + 1));
    }
  }

  String text(String key, String otherwise) {
    return values.getOrDefault(key, otherwise);
  }

  int number(String key, int otherwise) {
    return Integer.parseInt(text(key, Integer.toString(otherwise)));
  }

  boolean isTrainer() {
    return text("role", "").equals("trainer");
  }

  /** Those of the file, if there is one, in the file's order; else those of the list. */
  List<TensorSpec> specs() {
    String file = text("file", "");
    return !file.isEmpty() && !text("do", "").equals("file")
        ? SafetensorsSource.open(Path.of(file)).specs()
        : LiveLists.named(text("list", "small"));
  }

  /** As in {@code unpacked:2,packed:1048576:3}. */
  List<Packing> packings() {
    List<Packing> packings = new ArrayList<>();
    for (String word : text("packings", "unpacked:2").split(",")) {
      String[] parts = word.split(":");
      packings.add(
          parts[0].equals("packed")
              ? Packing.packed(Long.parseLong(parts[1]), Integer.parseInt(parts[2]))
              : new Packing(false, Packing.DEFAULT_BUFFER_SIZE_BYTES, Integer.parseInt(parts[1])));
    }
    return packings;
  }

  /** Where the group meets; in unique-id mode the trainer leaves the id in the folder. */
  BroadcastInitInfo group(String round, Supplier<UniqueId> fresh) {
    int worldSize = number("world", 2);
    BroadcastInitInfo info;
    if (text("mode", "store").equals("store")) {
      info = BroadcastInitInfo.ofStore("127.0.0.1", number("port", 29555), worldSize);
    } else {
      Path file = folder().resolve("id." + round);
      if (isTrainer()) {
        write(file, fresh.get().toBase64());
      }
      info = BroadcastInitInfo.ofUniqueId(UniqueId.fromBase64(await(file).strip()), worldSize);
    }
    return info.withRankOffset(1).withPacking(packings().get(0));
  }

  /** Waits for the other side to come here too. */
  void barrier(String name) {
    String me = isTrainer() ? "trainer" : "worker";
    String other = isTrainer() ? "worker" : "trainer";
    write(folder().resolve(name + "." + me), me);
    String found = await(folder().resolve(name + "." + other));
    assert found.equals(other);
  }

  private Path folder() {
    return Path.of(text("folder", "."));
  }

  private static void write(Path file, String text) {
    try {
      Path whole = Files.writeString(file.resolveSibling(file.getFileName() + ".part"), text);
      Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String await(Path file) {
    try {
      for (long waited = 0; !Files.exists(file); waited += 2) {
        if (waited > PATIENCE_MILLIS) {
          throw new IllegalStateException("the other side has not written " + file);
        }
        Thread.sleep(2);
      }
      return Files.readString(file);
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
