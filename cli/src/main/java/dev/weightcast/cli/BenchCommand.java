package dev.weightcast.cli;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.Device;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.WeightTransferConfig;
import dev.weightcast.core.WeightTransfer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures packed and unpacked transfers next to raw broadcasts of the same bytes. */
@Command(
    name = "bench",
    customSynopsis = "weightcast bench [--list=NAME|FILE] [OPTION ...]",
    description = "Measures transfers next to raw broadcasts of as many bytes, and checks them.",
    footer = {
      "",
      "Example: weightcast bench --backend loopback --list llama-8b --scale 0.01",
      "One process a rank: weightcast bench --backend nccl --rank 0 --master 10.0.0.1:29500"
    })
final class BenchCommand implements Callable<Integer> {

  private static final Duration LINGER = Duration.ofSeconds(1);

  private final Terminal terminal;

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      description = "Default: WEIGHTCAST_BACKEND, else auto.")
  private String backend = "";

  @Option(
      names = "--list",
      paramLabel = "NAME",
      description = "llama-8b, moe, tiny (default), specs as .json, or a checkpoint.")
  private String list = "tiny";

  @Option(names = "--scale", paramLabel = "X", description = "Shrinks each tensor, such as 0.01.")
  private double scale = 1;

  @Option(names = "--world-size", paramLabel = "N", description = "All ranks (default 2).")
  private int worldSize = 2;

  @Option(names = "--rounds", paramLabel = "N", description = "Measured rounds (default 5).")
  private int rounds = 5;

  @Option(
      names = "--devices",
      split = ",",
      paramLabel = "D",
      description = "Such as cuda:0,cuda:1 (default: one each, else shared).")
  private List<String> devices = new ArrayList<>();

  @Option(names = "--rank", paramLabel = "R", description = "Only this rank, with --master.")
  private @Nullable Integer rank;

  @Option(names = "--master", paramLabel = "HOST:PORT", description = "Rank 0's store, for --rank.")
  private @Nullable HostPort master;

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      converter = TimeSpan.class,
      description = "For joining, and for each round (default 5m).")
  private Duration timeout = Duration.ofMinutes(5);

  @Mixin private BufferOptions buffers = new BufferOptions();
  @Mixin private ChecksumOption checksums = new ChecksumOption();

  @Option(
      names = "--picture",
      paramLabel = "FILE.svg",
      description = "Draws GB/s by tensor size, and the stages.")
  private @Nullable Path picture;

  @Mixin private OutputOptions output = new OutputOptions();

  BenchCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    check();
    List<TensorSpec> specs = BenchList.named(list, scale);
    List<BenchStep> steps = BenchStep.of(specs, buffers, picture != null);
    if (steps.stream().noneMatch(step -> step.name().equals(BenchStep.UNPACKED))) {
      terminal.remark("unpacked is left out: the list has types that only travel packed");
    }
    BenchRank.Task task = new BenchRank.Task(specs, steps, rounds, timeout);
    List<Device> asked = devices.stream().map(Device::parse).toList();
    return rank == null ? runAll(task, asked) : runOne(task, asked, rank);
  }

  private void check() {
    Rounds.check(rounds);
    GroupOptions.checkTimeout(timeout);
    if (worldSize < 2) {
      throw new UsageException(
          "--world-size " + worldSize + ": a group is a trainer and at least one worker, so 2");
    }
    if ((rank == null) != (master == null)) {
      throw new UsageException(
          "--rank and --master belong together: one process a rank; without both, all ranks run in"
              + " this one");
    }
    if (rank != null && (rank < 0 || rank >= worldSize)) {
      throw new UsageException(
          "--rank "
              + rank
              + ": the ranks of a group of "
              + worldSize
              + " are 0 to "
              + (worldSize - 1));
    }
    if (picture != null) {
      Path folder = picture.toAbsolutePath().getParent();
      if (folder == null || !Files.isDirectory(folder) || Files.isDirectory(picture)) {
        throw new UsageException("--picture '" + picture + "' cannot be written there");
      }
    }
  }

  private int runAll(BenchRank.Task task, List<Device> asked) {
    try (BenchGroup group = BenchGroup.make(backend, worldSize, asked, config())) {
      AutoCloseable all = terminal.interruption().register(group::interrupt);
      try {
        String title =
            title(
                task, chosen() + ", " + worldSize + " ranks in one process on " + group.devices());
        terminal.remark(title);
        if (group.sharesAGpu()) {
          terminal.remark(
              "note: ranks share a GPU; NCCL allows that in one process from 2.30 on, with"
                  + " NCCL_MULTI_RANK_GPU_ENABLE=1");
        }
        group.run(task, this::told);
        report(title, group.result(), group.devices().get(0));
      } finally {
        terminal.interruption().unregister(all);
      }
    }
    return ExitCode.OK;
  }

  private int runOne(BenchRank.Task task, List<Device> asked, int number) {
    HostPort at = java.util.Objects.requireNonNull(master, "checked");
    Optional<Device> device = asked.stream().findFirst();
    AutoCloseable thread = terminal.interruption().register(Thread.currentThread()::interrupt);
    try (BenchRank one = BenchRank.make(number, backend, device, config())) {
      String name = chosen();
      GroupOptions.remarkOnBackend(terminal, name);
      String title =
          title(
              task,
              name + ", rank " + number + " of " + worldSize + " on " + one.device().device());
      terminal.remark(title);
      terminal.interruption().at("joining");
      one.run(task, BroadcastInitInfo.ofStore(at.host(), at.port(), worldSize), this::told);
      report(title, one.result(), one.device().device());
      if (number == 0) {
        terminal.interruption().await(LINGER); // a worker may still be reading
      }
    } finally {
      terminal.interruption().unregister(thread);
    }
    return ExitCode.OK;
  }

  private WeightTransferConfig config() {
    return checksums.in(WeightTransferConfig.defaults().withTimeout(timeout));
  }

  private String chosen() {
    return Chosen.name(WeightTransfer.builder().backend(backend).build());
  }

  private String title(BenchRank.Task task, String where) {
    long bytes = task.specs().stream().mapToLong(TensorSpec::byteSize).sum();
    return String.format(
        Locale.ROOT,
        "%s%s: %d tensors, %s; %s%s",
        list,
        scale == 1 ? "" : " × " + scale,
        task.specs().size(),
        ByteSize.text(bytes),
        where,
        checksums.isOn() ? ", with checksums" : "");
  }

  private void told(BenchStep step) {
    String what =
        step.name() + (step.isOfTheCurve() ? ", " + ByteSize.binary(step.pieceBytes()) : "");
    terminal.interruption().at("measuring " + what);
    terminal.remark("measuring " + what);
  }

  private void report(String title, BenchResult result, Device device) {
    terminal.interruption().at("");
    if (picture != null) {
      try {
        Files.writeString(picture, BenchPicture.of(title, result));
      } catch (IOException e) {
        throw new UsageException("--picture '" + picture + "' cannot be written: " + e, e);
      }
    }
    if (output.isJson()) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("command", "bench");
      json.put("ok", true);
      json.put("title", title);
      json.put("device", device);
      json.put("rank", rank == null ? 0 : rank);
      json.put("world_size", worldSize);
      json.put("checksums", checksums.isOn());
      json.putAll(result.json());
      terminal.out().println(Json.line(json));
      return;
    }
    terminal.out().println(title);
    terminal.out().println();
    BenchTable.of(result).forEach(terminal.out()::println);
    terminal.out().println();
    terminal.out().println(verdict());
    if (picture != null) {
      terminal.out().println("drew '" + picture + "'");
    }
  }

  private String verdict() {
    if (rank != null && rank == 0) {
      return "The workers have checked the bytes; their processes say so.";
    }
    return "OK: every byte was right on " + (rank == null ? "every worker" : "rank " + rank) + ".";
  }
}
