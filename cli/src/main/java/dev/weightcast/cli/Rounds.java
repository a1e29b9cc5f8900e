package dev.weightcast.cli;

import dev.weightcast.api.DeviceContext;
import dev.weightcast.api.TransferReport;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** One rank's rounds: what is said while they go on, and what was moved. */
final class Rounds {

  private final Terminal terminal;
  private final String verb;
  private final int rounds;
  private final ProgressMeter meter;
  private final List<TransferReport> reports = new ArrayList<>();
  private final Map<String, Object> more = new LinkedHashMap<>();
  private long started;
  private double joinSeconds;

  Rounds(Terminal terminal, String verb, int rounds) {
    this.terminal = terminal;
    this.verb = verb;
    this.rounds = rounds;
    this.meter = new ProgressMeter(terminal, verb);
  }

  static void check(int rounds) {
    if (rounds < 1) {
      throw new UsageException("--rounds must be at least 1, found " + rounds);
    }
  }

  ProgressMeter meter() {
    return meter;
  }

  void joining(String whom) {
    started = System.nanoTime();
    terminal.interruption().at("joining");
    terminal.remark("waiting for " + whom);
  }

  void joined(int worldSize) {
    joinSeconds = (System.nanoTime() - started) / 1e9;
    terminal.remark(
        String.format(Locale.ROOT, "a group of %d after %.3f s", worldSize, joinSeconds));
  }

  void begin(int round) {
    terminal.interruption().at(rounds == 1 ? verb : verb + ", round " + round + " of " + rounds);
    meter.round(round, rounds);
  }

  void end(TransferReport report) {
    meter.clear();
    reports.add(report);
  }

  /** Something else that the report has. */
  void add(String key, Object value) {
    more.put(key, value);
  }

  void print(
      boolean json, String command, String backend, int rank, int worldSize, DeviceContext device) {
    terminal.interruption().at("");
    if (json) {
      terminal.out().println(Json.line(json(command, backend, rank, worldSize, device)));
    } else {
      for (TransferReport report : reports) {
        terminal.out().println(text(report));
      }
    }
  }

  private String text(TransferReport report) {
    return String.format(
        Locale.ROOT,
        "%s %d tensors, %d bytes, in %d broadcasts and %s: %.2f GB/s",
        verb,
        report.tensors(),
        report.bytes(),
        report.buckets(),
        TimeSpan.text(report.elapsed()),
        report.gigabytesPerSecond());
  }

  private Map<String, Object> json(
      String command, String backend, int rank, int worldSize, DeviceContext device) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("command", command);
    json.put("ok", true);
    json.put("backend", backend);
    json.put("device", device.device());
    json.put("rank", rank);
    json.put("world_size", worldSize);
    json.put("join_seconds", joinSeconds);
    json.put("rounds", reports.stream().map(Rounds::json).toList());
    json.putAll(more);
    return json;
  }

  static Map<String, Object> json(TransferReport report) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("tensors", report.tensors());
    json.put("bytes", report.bytes());
    json.put("buckets", report.buckets());
    json.put("buffer_bytes", report.bufferBytes());
    json.put("seconds", report.elapsed().toNanos() / 1e9);
    json.put("gigabytes_per_second", report.gigabytesPerSecond());
    json.put("version", report.version().orElse(null));
    json.put("acknowledged", report.acknowledged());
    json.put("unacknowledged", report.unacknowledged());
    return json;
  }
}
