package dev.weightcast.core;

import dev.weightcast.spi.SpiVersion;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What is said when a backend cannot be had: what was asked, what was found, what to do next. */
final class Messages {

  private static final String PATHS = " to the class path or the module path";

  private Messages() {}

  /** A first line that says it all, and labelled lines with the rest. */
  private static final class Text {
    private final StringBuilder lines;

    Text(String first, BackendSetting setting) {
      lines = new StringBuilder(first);
      line("asked for", setting.toString());
    }

    Text line(String label, String content) {
      lines.append("\n  ").append(label).append(": ").append(content);
      return this;
    }

    Text problems(List<BackendProblem> problems) {
      for (BackendProblem problem : problems) {
        line("reason", problem.text());
        if (!problem.hint().isEmpty()) {
          line("  hint", problem.hint());
        }
      }
      return this;
    }

    Text found(List<Backend> backends) {
      backends.forEach(b -> line("found", withProblems(b.report())));
      return backends.isEmpty() ? line("found", "none") : this;
    }

    String next(String action) {
      return line("next", action).lines.toString();
    }
  }

  static String notFound(BackendSetting setting, List<Backend> backends, String searched) {
    return new Text("No backend is called '" + setting.name() + "'.", setting)
        .found(backends)
        .line("searched", searched)
        .next(actionToFind(setting.name(), backends));
  }

  private static String actionToFind(String name, List<Backend> backends) {
    Optional<String> meant =
        backends.stream()
            .flatMap(b -> b.report().name().stream())
            .filter(name::equalsIgnoreCase)
            .findFirst();
    if (meant.isPresent()) {
      return "ask for '" + meant.get() + "': names are written in lower case";
    }
    boolean broken =
        backends.stream()
            .anyMatch(
                b -> b.report().name().isEmpty() && b.report().status() == BackendStatus.BROKEN);
    String names =
        backends.stream()
            .filter(b -> inTheWay(b.report()).isEmpty())
            .flatMap(b -> b.report().name().stream())
            .map(n -> "'" + n + "'")
            .collect(Collectors.joining(", "));
    String add =
        "add " + BackendNames.artifact(name).orElse("the jar that has '" + name + "'") + PATHS;
    return (broken ? "if a broken one is meant, mend that; otherwise " : "")
        + add
        + (names.isEmpty() ? "" : ", or ask for one that is there: " + names);
  }

  static String refused(BackendSetting setting, List<Backend> refused) {
    return new Text("Backend '" + setting.name() + "' is there, but its name is refused.", setting)
        .found(refused)
        .next(
            BackendNames.artifact(setting.name())
                .map(artifact -> "remove that jar and add " + artifact + PATHS)
                .orElse("take a release of the backend that has a name it may have"));
  }

  static String duplicate(BackendSetting setting, List<Backend> namesakes) {
    Text text =
        new Text(
            namesakes.size()
                + " backends are called '"
                + setting.name()
                + "', and none of them is taken.",
            setting);
    namesakes.forEach(b -> text.line("found", b.report().toString()));
    long places = namesakes.stream().map(b -> b.report().origin().location()).distinct().count();
    return text.next(
        places > 1 ? "remove all but one of these jars" : "report it to the author of that jar");
  }

  static String incompatible(BackendSetting setting, BackendReport report) {
    int version = report.spiVersion().orElse(0);
    return new Text(
            "Backend '" + setting.name() + "' was built for another version of the SPI.", setting)
        .line("found", report.toString())
        .problems(report.problems())
        .next(
            version < SpiVersion.CURRENT
                ? "take a newer release of the backend, built for SPI " + SpiVersion.CURRENT
                : "take a newer Weightcast, with SPI "
                    + version
                    + ", or an older release of the backend, built for SPI "
                    + SpiVersion.CURRENT);
  }

  static String broken(BackendSetting setting, BackendReport report) {
    return new Text("Backend '" + setting.name() + "' is there, but broken.", setting)
        .line("found", report.toString())
        .problems(report.problems())
        .next(report(report.failure().orElse(null)));
  }

  static String unavailable(BackendSetting setting, BackendReport report) {
    return new Text("Backend '" + setting.name() + "' is there, but cannot run here.", setting)
        .line("found", report.toString())
        .problems(report.problems())
        .next("remove every reason above; only 'auto' would try another backend");
  }

  static String noneCanRun(BackendSetting setting, List<String> why, String searched) {
    Text text = new Text("No backend was found that 'auto' may take and that can run.", setting);
    why.forEach(line -> text.line("found", line));
    if (why.isEmpty()) {
      return text.line("found", "none")
          .line("searched", searched)
          .next(
              "add a backend" + PATHS + ", such as " + BackendNames.artifact("nccl").orElseThrow());
    }
    return text.line("searched", searched)
        .next("remove the reasons above for the one that is meant, or ask for one by its name");
  }

  static String versions(int version) {
    return "it was built for SPI "
        + version
        + ", and this Weightcast has SPI "
        + SpiVersion.CURRENT;
  }

  static String onlyInMetaInf(String className) {
    return "its module registers it in META-INF/services only, which is not read in a named"
        + " module; its author should add 'provides dev.weightcast.spi.BackendProvider with "
        + className
        + "' to module-info";
  }

  static String engineFailed(
      BackendSetting setting,
      BackendReport report,
      String side,
      BackendProblem problem,
      @Nullable Throwable thrown) {
    return new Text(
            "Backend '" + nameOf(report) + "' can run, but made no engine for a " + side + ".",
            setting)
        .line("found", report.toString())
        .problems(List.of(problem))
        .next((problem.hint().isEmpty() ? "" : "follow the hint; failing that, ") + report(thrown));
  }

  static String otherInfos(
      BackendSetting setting, BackendReport report, String side, String wanted, String taken) {
    return new Text("Backend '" + nameOf(report) + "' does not take these infos.", setting)
        .line("wanted", "a " + side + " for " + wanted)
        .line("found", report.toString())
        .line("takes", taken)
        .next("ask for a " + side + " with the infos that it takes, or for another backend");
  }

  private static String report(@Nullable Throwable thrown) {
    return "report it to the backend's author"
        + (thrown == null ? "" : ", with the cause of this exception");
  }

  private static String nameOf(BackendReport report) {
    return report.name().orElse("");
  }

  /** A backend, and what is in its way if something is. */
  static String withProblems(BackendReport report) {
    return report + inTheWay(report);
  }

  private static String inTheWay(BackendReport report) {
    return switch (report.status()) {
      case UNTRIED, AVAILABLE -> "";
      default ->
          report.problems().stream()
              .map(BackendProblem::toString)
              .collect(Collectors.joining("; ", "; " + report.status() + ": ", ""));
    };
  }
}
