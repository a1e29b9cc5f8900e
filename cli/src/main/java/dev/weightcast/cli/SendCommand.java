package dev.weightcast.cli;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.Packing;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TrainerWeightTransferEngine;
import dev.weightcast.api.WeightSource;
import dev.weightcast.core.WeightTransfer;
import dev.weightcast.safetensors.SafetensorsSource;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A trainer, rank 0. */
@Command(
    name = "send",
    customSynopsis =
        "weightcast send --checkpoint=PATH|--specs=FILE --master=HOST:PORT [OPTION ...]",
    description = "Sends weights to all workers of a group, as its trainer, rank 0.",
    footer = {
      "",
      "Example: weightcast send --checkpoint model.safetensors --backend nccl \\",
      "           --master 10.0.0.1:29500 --world-size 3 --packed"
    })
final class SendCommand implements Callable<Integer> {

  private final Terminal terminal;

  @ArgGroup(multiplicity = "1")
  private What what = new What();

  @Mixin private GroupOptions group = new GroupOptions();
  @Mixin private PackingOptions packing = new PackingOptions();

  @Option(names = "--rounds", paramLabel = "N", description = "How often (default 1).")
  private int rounds = 1;

  @Option(
      names = "--seed",
      paramLabel = "NUMBER",
      description = "What --specs are filled from (default 0).")
  private long seed;

  @Option(
      names = "--linger",
      paramLabel = "TIME",
      converter = TimeSpan.class,
      description = "Stays so long after the last byte (default 1s).")
  private Duration linger = Duration.ofSeconds(1);

  @Mixin private OutputOptions output = new OutputOptions();

  SendCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /** What is sent. */
  static final class What {
    @Option(
        names = "--checkpoint",
        required = true,
        paramLabel = "PATH",
        description = "A safetensors file or folder.")
    private @Nullable Path checkpoint;

    @Option(
        names = "--specs",
        required = true,
        paramLabel = "FILE",
        description = "Or made-up bytes: JSON [[name, dtype, [dims]], …].")
    private @Nullable Path specs;
  }

  @Override
  public Integer call() {
    group.check();
    Rounds.check(rounds);
    Packing packed = packing.packing();
    SafetensorsSource checkpoint =
        what.checkpoint == null ? null : SafetensorsSource.open(what.checkpoint);
    List<TensorSpec> specs = what.specs == null ? List.of() : SpecList.read(what.specs);
    Rounds report = new Rounds(terminal, "sent", rounds);
    WeightTransfer transfer = group.transfer(report.meter());
    AutoCloseable thisThread = terminal.interruption().register(Thread.currentThread()::interrupt);
    try (var engine = transfer.broadcastTrainer()) {
      String backend = Chosen.name(transfer);
      GroupOptions.remarkOnBackend(terminal, backend);
      if (checkpoint != null) {
        send(engine, checkpoint, packed, report);
      } else {
        try (DeviceModel model =
            DeviceModel.allocate(engine.deviceContext(), specs, group.timeout())) {
          model.fill(new SeededContent(seed));
          send(engine, WeightSource.of(model.tensors()), packed, report);
        }
      }
      report.print(output.isJson(), "send", backend, 0, group.worldSize(), engine.deviceContext());
      return ExitCode.OK;
    } finally {
      report.meter().clear();
      terminal.interruption().unregister(thisThread);
    }
  }

  private void send(
      TrainerWeightTransferEngine<BroadcastInitInfo> engine,
      WeightSource source,
      Packing packed,
      Rounds report) {
    join(engine, packed, report);
    for (int round = 1; round <= rounds; round++) {
      report.begin(round);
      report.end(engine.sendWeights(source));
    }
    // A worker that cannot say that it is done may still be reading what is on its way.
    terminal.interruption().await(linger);
  }

  private void join(
      TrainerWeightTransferEngine<BroadcastInitInfo> engine, Packing packed, Rounds report) {
    UniqueIdFile file =
        group.uniqueIdFile() == null ? null : new UniqueIdFile(group.uniqueIdFile());
    try {
      BroadcastInitInfo info =
          group.info(
              path -> {
                var id = engine.createUniqueId();
                new UniqueIdFile(path).write(id);
                return id;
              });
      report.joining(group.worldSize() - 1 + " worker(s) at " + group.where());
      engine.initTransferEngine(info.withPacking(packed));
      report.joined(group.worldSize());
    } finally {
      if (file != null) {
        file.remove();
      }
    }
  }
}
