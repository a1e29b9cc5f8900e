package dev.weightcast.backend.loopback;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The notes of a group, each under its writer and name; guarded by the group's lock. */
final class Notes {

  private final List<Integer> ranks;
  private final Map<Integer, Map<String, byte[]>> byWriter = new HashMap<>();

  /**
   * @param ranks who takes part, in ascending order
   */
  Notes(List<Integer> ranks) {
    this.ranks = List.copyOf(ranks);
  }

  List<Integer> ranks() {
    return ranks;
  }

  void put(int writer, String name, byte[] note) {
    byWriter.computeIfAbsent(writer, rank -> new HashMap<>()).put(name, note);
  }

  byte @Nullable [] get(int writer, String name) {
    return byWriter.getOrDefault(writer, Map.of()).get(name);
  }

  void remove(int writer, String name) {
    byWriter.getOrDefault(writer, new HashMap<>()).remove(name);
  }

  void removeAllOf(int writer) {
    byWriter.remove(writer);
  }

  /** How many there are, for the account. */
  int size() {
    return byWriter.values().stream().mapToInt(Map::size).sum();
  }
}
