package dev.weightcast.core;

import dev.weightcast.spi.Availability;
import dev.weightcast.spi.BackendProvider;
import dev.weightcast.spi.SpiVersion;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.ServiceConfigurationError;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A provider and what is known about it; or, of one that could not be made, only the latter.
 *
 * @param report what is known so far
 * @param provider the provider, or null if there is none
 */
record Backend(BackendReport report, @Nullable BackendProvider provider) {

  /** What a provider must not do: which of its methods threw, or returned null. */
  private static final class Misbehaviour extends Exception {
    private static final long serialVersionUID = 1L;

    Misbehaviour(String what, @Nullable Throwable cause) {
      super(what, cause, false, false);
    }
  }

  static Backend of(BackendProvider provider, BackendOrigin origin) {
    return new Backend(unknown(origin), provider).inspected();
  }

  static Backend failed(BackendOrigin origin, String what, Throwable thrown) {
    return new Backend(unknown(origin).broken(what, thrown), null);
  }

  static Backend failed(BackendOrigin origin, BackendProblem problem) {
    return new Backend(unknown(origin).with(BackendStatus.BROKEN, List.of(problem)), null);
  }

  private static BackendReport unknown(BackendOrigin origin) {
    return new BackendReport(
        Optional.empty(),
        BackendStatus.UNTRIED,
        origin,
        OptionalInt.empty(),
        OptionalInt.empty(),
        List.of(),
        Map.of(),
        Optional.empty());
  }

  /** This backend with another status. */
  Backend with(BackendStatus status, List<BackendProblem> problems) {
    return new Backend(report.with(status, problems), provider);
  }

  /** Asks whether it can run here, if nothing is in the way of asking; may load natives. */
  Backend tried() {
    if (provider == null || report.status() != BackendStatus.UNTRIED) {
      return this;
    }
    try {
      List<BackendProblem> problems =
          ask("availability()", () -> problems(provider.availability()));
      return with(
          problems.isEmpty() ? BackendStatus.AVAILABLE : BackendStatus.UNAVAILABLE, problems);
    } catch (Misbehaviour e) {
      return broken(e);
    }
  }

  /** Asks what it runs on; one that cannot say loses nothing else by it. */
  Backend detailed() {
    boolean wasAsked =
        report.status() == BackendStatus.AVAILABLE || report.status() == BackendStatus.UNAVAILABLE;
    if (provider == null || !wasAsked) {
      return this;
    }
    try {
      return new Backend(report.with(ask("details()", provider::details)), provider);
    } catch (Misbehaviour e) {
      return new Backend(report.with(Map.of("details", String.valueOf(e.getMessage()))), provider);
    }
  }

  private static @Nullable List<BackendProblem> problems(@Nullable Availability answer) {
    return answer == null
        ? null
        : answer.reasons().stream().map(r -> new BackendProblem(r.text(), r.hint())).toList();
  }

  private Backend inspected() {
    if (provider == null) {
      return this;
    }
    Backend seen = this;
    try {
      String name = ask("name()", provider::name);
      seen = seen.knowing(Optional.of(name), OptionalInt.empty(), OptionalInt.empty());
      int version = ask("spiVersion()", provider::spiVersion);
      seen = seen.knowing(Optional.of(name), OptionalInt.of(version), OptionalInt.empty());
      Optional<String> objection = BackendNames.objection(name, provider.getClass());
      if (objection.isPresent()) {
        return seen.with(BackendStatus.REFUSED, List.of(BackendProblem.of(objection.get())));
      }
      if (version != SpiVersion.CURRENT) {
        return seen.with(
            BackendStatus.INCOMPATIBLE, List.of(BackendProblem.of(Messages.versions(version))));
      }
      int priority = ask("priority()", provider::priority);
      return seen.knowing(Optional.of(name), OptionalInt.of(version), OptionalInt.of(priority));
    } catch (Misbehaviour e) {
      return seen.broken(e);
    }
  }

  private Backend knowing(Optional<String> name, OptionalInt version, OptionalInt priority) {
    BackendReport r = report;
    return new Backend(
        new BackendReport(
            name,
            r.status(),
            r.origin(),
            version,
            priority,
            r.problems(),
            r.details(),
            r.failure()),
        provider);
  }

  private Backend broken(Misbehaviour e) {
    String what = String.valueOf(e.getMessage());
    Throwable cause = e.getCause();
    return cause == null
        ? with(BackendStatus.BROKEN, List.of(BackendProblem.of(what)))
        : new Backend(report.broken(what, cause), provider);
  }

  private static <T> T ask(String method, Supplier<@Nullable T> question) throws Misbehaviour {
    T answer;
    try {
      answer = question.get();
    } catch (RuntimeException
        | LinkageError
        | AssertionError
        | ServiceConfigurationError e) { // what a stranger's code throws must not stop the others
      throw new Misbehaviour(method + " threw", e);
    }
    if (answer == null) {
      throw new Misbehaviour(method + " returned null", null);
    }
    return answer;
  }
}
