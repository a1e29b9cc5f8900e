package dev.weightcast.cli;

import dev.weightcast.core.BackendProblem;
import dev.weightcast.core.BackendReport;
import dev.weightcast.core.BackendStatus;
import dev.weightcast.core.Explanation;
import dev.weightcast.core.WeightTransfer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What there is, what can run, and why not. */
@Command(
    name = "backends",
    customSynopsis = "weightcast backends [OPTION ...]",
    description = "Lists every backend, and why it can or cannot run here.",
    footer = {
      "",
      "Exits with 0 if the chosen backend can run, else with 3.",
      "Example: weightcast backends --backend nccl --json"
    })
final class BackendsCommand implements Callable<Integer> {

  private final Terminal terminal;

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      description = "Default: WEIGHTCAST_BACKEND, else auto.")
  private String backend = "";

  @Mixin private OutputOptions output = new OutputOptions();

  BackendsCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    Explanation explanation = WeightTransfer.builder().backend(backend).build().explain();
    boolean canRun =
        explanation
            .chosen()
            .filter(chosen -> chosen.status() == BackendStatus.AVAILABLE)
            .isPresent();
    terminal
        .out()
        .println(output.isJson() ? Json.line(json(explanation, canRun)) : explanation.text());
    return canRun ? ExitCode.OK : ExitCode.UNAVAILABLE;
  }

  private static Map<String, Object> json(Explanation explanation, boolean canRun) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("command", "backends");
    json.put("ok", canRun);
    json.put("weightcast", VersionProvider.version());
    json.put("java", System.getProperty("java.version"));
    json.put("asked_for", explanation.setting().name());
    json.put("searched", explanation.searched());
    explanation.chosen().flatMap(BackendReport::name).ifPresent(name -> json.put("chosen", name));
    json.put("why", explanation.decision());
    json.put("backends", explanation.backends().stream().map(BackendsCommand::json).toList());
    return json;
  }

  private static Map<String, Object> json(BackendReport report) {
    Map<String, Object> json = new LinkedHashMap<>();
    report.name().ifPresent(name -> json.put("name", name));
    json.put("status", report.status().name().toLowerCase(Locale.ROOT));
    json.put("available", report.status() == BackendStatus.AVAILABLE);
    report.origin().version().ifPresent(version -> json.put("version", version));
    report.origin().className().ifPresent(name -> json.put("class", name));
    report.origin().moduleName().ifPresent(name -> json.put("module", name));
    report.origin().location().ifPresent(jar -> json.put("jar", jar));
    report.spiVersion().ifPresent(version -> json.put("spi_version", version));
    report.priority().ifPresent(priority -> json.put("priority", priority));
    json.put("details", report.details());
    json.put("reasons", problems(report.problems()));
    return json;
  }

  private static List<Map<String, String>> problems(List<BackendProblem> problems) {
    return problems.stream()
        .map(
            problem -> {
              Map<String, String> json = new LinkedHashMap<>();
              json.put("text", problem.text());
              json.put("hint", problem.hint());
              return json;
            })
        .toList();
  }
}
