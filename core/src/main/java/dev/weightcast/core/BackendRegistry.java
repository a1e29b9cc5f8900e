package dev.weightcast.core;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Every backend that a search came upon, usable or not, ordered by name; those without a name come
 * last.
 */
final class BackendRegistry {

  private record Identity(String name, BackendOrigin origin) {}

  private final List<Backend> backends;
  private final String searched;

  /**
   * A registry of what a search found.
   *
   * @param found in any order
   * @param searched where, in words
   */
  BackendRegistry(List<Backend> found, String searched) {
    this.backends = markDuplicates(withoutRepetitions(found));
    this.searched = searched;
  }

  List<Backend> backends() {
    return backends;
  }

  String searched() {
    return searched;
  }

  // The same class of the same jar, met twice, is one backend: a jar may be on a path twice.
  private static List<Backend> withoutRepetitions(List<Backend> found) {
    Set<Identity> seen = new HashSet<>();
    return found.stream()
        .filter(
            b ->
                b.report().name().isEmpty()
                    || b.report().origin().location().isEmpty()
                    || seen.add(new Identity(b.report().name().get(), b.report().origin())))
        .sorted(
            Comparator.comparing((Backend b) -> b.report().name().isEmpty())
                .thenComparing(b -> b.report().name().orElse(""))
                .thenComparing(b -> b.report().origin().toString()))
        .toList();
  }

  private static List<Backend> markDuplicates(List<Backend> backends) {
    Map<String, List<Backend>> byName = new HashMap<>();
    for (Backend backend : backends) {
      // One that may not have its name does not get in the way of the one that may.
      if (backend.report().status() != BackendStatus.REFUSED) {
        backend
            .report()
            .name()
            .ifPresent(name -> byName.computeIfAbsent(name, n -> new ArrayList<>()).add(backend));
      }
    }
    return backends.stream()
        .map(
            backend -> {
              List<Backend> namesakes =
                  byName.getOrDefault(backend.report().name().orElse(""), List.of());
              return namesakes.size() > 1 && namesakes.contains(backend)
                  ? duplicate(backend, namesakes)
                  : backend;
            })
        .toList();
  }

  private static Backend duplicate(Backend backend, List<Backend> namesakes) {
    String others =
        namesakes.stream()
            .filter(other -> !other.equals(backend))
            .map(other -> other.report().origin().toString())
            .collect(Collectors.joining("; "));
    return backend.with(
        BackendStatus.DUPLICATE, List.of(BackendProblem.of("the same name has " + others)));
  }
}
