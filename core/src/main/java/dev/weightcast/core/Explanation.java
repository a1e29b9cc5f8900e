package dev.weightcast.core;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What was found, what would be chosen, and why: as data, and as a text to read.
 *
 * @param setting the name that is asked for, and who asked
 * @param searched where backends were looked for
 * @param chosen the backend that would be taken, or empty if none can be
 * @param decision why that one; or what is in the way and what to do, as the exception says that
 *     asking for an engine throws
 * @param backends every backend that was met, also those that are not usable, ordered by name
 */
public record Explanation(
    BackendSetting setting,
    String searched,
    Optional<BackendReport> chosen,
    String decision,
    List<BackendReport> backends) {

  /** Copies the list. */
  public Explanation {
    Objects.requireNonNull(setting, "setting");
    Objects.requireNonNull(searched, "searched");
    Objects.requireNonNull(chosen, "chosen");
    Objects.requireNonNull(decision, "decision");
    backends = List.copyOf(backends);
  }

  /**
   * The explanation for a person.
   *
   * @return several lines, without a line break at the end
   */
  public String text() {
    StringBuilder text = new StringBuilder();
    text.append("asked for: ").append(setting);
    text.append("\nsearched: ").append(searched);
    text.append("\nbackends: ").append(backends.isEmpty() ? "none" : backends.size());
    backends.forEach(backend -> append(text, backend));
    text.append("\nchosen: ")
        .append(chosen.flatMap(BackendReport::name).map(name -> "'" + name + "'").orElse("none"));
    text.append("\nwhy: ").append(decision.replace("\n", "\n  ").replace(" | ", "\n    "));
    return text.toString();
  }

  private static void append(StringBuilder text, BackendReport backend) {
    text.append("\n  ")
        .append(backend.name().map(name -> "'" + name + "'").orElse("(no name)"))
        .append(": ")
        .append(backend.status());
    for (BackendProblem problem : backend.problems()) {
      text.append("\n    reason: ").append(problem.text());
      if (!problem.hint().isEmpty()) {
        text.append("\n      hint: ").append(problem.hint());
      }
    }
    backend
        .details()
        .forEach((what, found) -> text.append("\n    ").append(what).append(": ").append(found));
    text.append("\n    ").append(backend.origin());
    backend.spiVersion().ifPresent(version -> text.append("\n    built for SPI ").append(version));
    backend.priority().ifPresent(priority -> text.append("\n    priority ").append(priority));
  }
}
