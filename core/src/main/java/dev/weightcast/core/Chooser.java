package dev.weightcast.core;

import dev.weightcast.api.BackendException;
import dev.weightcast.api.BackendNotFoundException;
import dev.weightcast.api.BackendUnavailableException;
import dev.weightcast.api.DuplicateBackendException;
import dev.weightcast.api.IncompatibleBackendException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Takes the backend that was asked for, or says why not. Asks no other whether it can run. */
final class Chooser {

  // Stable on a list that is ordered by name: of equals the first by name stays the first.
  private static final Comparator<Backend> BY_PRIORITY =
      Comparator.comparingInt((Backend b) -> priority(b)).reversed();

  private final BackendSetting setting;
  private final List<Backend> backends;
  private final String searched;

  /**
   * A chooser among these.
   *
   * @param setting the name that was asked for
   * @param backends ordered by name, as the registry has them
   * @param searched where they were looked for, in words
   */
  Chooser(BackendSetting setting, List<Backend> backends, String searched) {
    this.setting = setting;
    this.backends = backends;
    this.searched = searched;
  }

  Choice choose() {
    return setting.isAuto() ? best() : named();
  }

  private Choice named() {
    List<Backend> called =
        backends.stream().filter(b -> b.report().isCalled(setting.name())).toList();
    List<Backend> allowed =
        called.stream().filter(b -> b.report().status() != BackendStatus.REFUSED).toList();
    if (called.isEmpty()) {
      throw notFound();
    }
    if (allowed.isEmpty()) {
      throw new BackendException(Messages.refused(setting, called), setting.name(), null);
    }
    if (allowed.size() > 1) {
      throw new DuplicateBackendException(
          Messages.duplicate(setting, allowed), setting.name(), null);
    }
    Backend backend = allowed.get(0).tried();
    BackendReport report = backend.report();
    Throwable cause = report.failure().orElse(null);
    return switch (report.status()) {
      case AVAILABLE -> new Choice(backend, "'" + setting.name() + "' is the one asked for");
      case UNAVAILABLE ->
          throw new BackendUnavailableException(
              Messages.unavailable(setting, report), setting.name(), cause);
      case INCOMPATIBLE ->
          throw new IncompatibleBackendException(
              Messages.incompatible(setting, report), setting.name(), cause);
      default ->
          throw new BackendException(Messages.broken(setting, report), setting.name(), cause);
    };
  }

  private BackendNotFoundException notFound() {
    // Any of those that could not even say their name may be the one that is missed.
    List<Throwable> failures =
        backends.stream()
            .filter(b -> b.report().name().isEmpty())
            .flatMap(b -> b.report().failure().stream())
            .toList();
    return notFound(Messages.notFound(setting, backends, searched), failures);
  }

  private BackendNotFoundException notFound(String message, List<Throwable> failures) {
    @Nullable Throwable cause = failures.isEmpty() ? null : failures.get(0);
    BackendNotFoundException e = new BackendNotFoundException(message, setting.name(), cause);
    failures.stream().skip(1).forEach(e::addSuppressed);
    return e;
  }

  private Choice best() {
    List<Backend> inOrder = new ArrayList<>();
    List<Backend> unusable = new ArrayList<>();
    for (Backend backend : backends) {
      (backend.report().priority().isPresent() && isCandidate(backend) ? inOrder : unusable)
          .add(backend);
    }
    inOrder.sort(BY_PRIORITY);
    List<String> notTaken = new ArrayList<>();
    List<Throwable> failures = new ArrayList<>();
    boolean anyUnavailable = false;
    Backend taken = null;
    for (Backend backend : inOrder) {
      if (taken != null || priority(backend) <= 0) {
        notTaken.add(passedOver(backend, taken));
        continue;
      }
      Backend tried = backend.tried();
      if (tried.report().status() == BackendStatus.AVAILABLE) {
        taken = tried;
      } else {
        anyUnavailable = true;
        tried.report().failure().ifPresent(failures::add);
        notTaken.add(Messages.withProblems(tried.report()));
      }
    }
    unusable.forEach(b -> notTaken.add(Messages.withProblems(b.report())));
    if (taken != null) {
      return new Choice(taken, decision(taken, notTaken));
    }
    unusable.forEach(b -> b.report().failure().ifPresent(failures::add));
    String message = Messages.noneCanRun(setting, notTaken, searched);
    if (anyUnavailable) {
      BackendUnavailableException e =
          new BackendUnavailableException(
              message, setting.name(), failures.isEmpty() ? null : failures.get(0));
      failures.stream().skip(1).forEach(e::addSuppressed);
      throw e;
    }
    throw notFound(message, failures);
  }

  private static boolean isCandidate(Backend backend) {
    return switch (backend.report().status()) {
      case UNTRIED, AVAILABLE, UNAVAILABLE -> true;
      default -> false;
    };
  }

  private static int priority(Backend backend) {
    return backend.report().priority().orElse(0);
  }

  private static String passedOver(Backend backend, @Nullable Backend taken) {
    int priority = priority(backend);
    String reason;
    if (priority <= 0) {
      reason = "priority " + priority + ", which 'auto' never takes";
    } else if (taken != null && priority == priority(taken)) {
      reason = "priority " + priority + " as well, and of equals the first by name is taken";
    } else {
      reason = "lower priority " + priority;
    }
    return backend.report() + "; " + reason;
  }

  private String decision(Backend taken, List<String> notTaken) {
    String decision =
        setting
            + ", takes "
            + taken.report()
            + ", priority "
            + priority(taken)
            + (notTaken.isEmpty() ? "; there is no other" : "");
    for (String other : notTaken) {
      decision += " | not taken: " + other;
    }
    return decision.replaceAll("\\R", " ");
  }
}
