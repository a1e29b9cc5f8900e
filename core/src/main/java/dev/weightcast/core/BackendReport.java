package dev.weightcast.core;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What is known about one backend.
 *
 * @param name its name, or empty if it could not say
 * @param status whether it can be taken, and what kind of thing is in the way
 * @param origin its class, module, jar and version
 * @param spiVersion the version of the SPI that it was built for, or empty if it could not say
 * @param priority who goes first for {@code auto}, or empty if it was not asked
 * @param problems everything that is in its way, each with a hint; empty if nothing is
 * @param details what it runs on, such as versions and devices; empty until somebody asks for an
 *     explanation
 * @param failure what it threw, if it is broken
 */
public record BackendReport(
    Optional<String> name,
    BackendStatus status,
    BackendOrigin origin,
    OptionalInt spiVersion,
    OptionalInt priority,
    List<BackendProblem> problems,
    Map<String, String> details,
    Optional<Throwable> failure) {

  /** Copies the list and the map. */
  public BackendReport {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(status, "status");
    Objects.requireNonNull(origin, "origin");
    Objects.requireNonNull(spiVersion, "spiVersion");
    Objects.requireNonNull(priority, "priority");
    problems = List.copyOf(problems);
    details = Collections.unmodifiableMap(new LinkedHashMap<>(details)); // in its order
    Objects.requireNonNull(failure, "failure");
  }

  BackendReport with(BackendStatus newStatus, List<BackendProblem> newProblems) {
    return new BackendReport(
        name, newStatus, origin, spiVersion, priority, newProblems, details, failure);
  }

  BackendReport with(Map<String, String> newDetails) {
    return new BackendReport(
        name, status, origin, spiVersion, priority, problems, newDetails, failure);
  }

  BackendReport broken(String what, Throwable thrown) {
    return new BackendReport(
        name,
        BackendStatus.BROKEN,
        origin,
        spiVersion,
        priority,
        List.of(BackendProblem.of(what, thrown)),
        details,
        Optional.of(thrown));
  }

  boolean isCalled(String asked) {
    return name.isPresent() && name.get().equals(asked);
  }

  /** Name and origin, such as {@code 'nccl', class …, module …, from …}. */
  @Override
  public String toString() {
    return name.map(n -> "'" + n + "', ").orElse("") + origin;
  }
}
