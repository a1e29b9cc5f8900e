package dev.weightcast.cli;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.CopyingWeightLoader;
import dev.weightcast.api.Packing;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.WeightTransferEngine;
import dev.weightcast.core.WeightTransfer;
import dev.weightcast.safetensors.SafetensorsSource;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A worker, any other rank. */
@Command(
    name = "receive",
    customSynopsis = "weightcast receive --like=PATH|--specs=FILE --master=HOST:PORT [OPTION ...]",
    description = "Receives weights as a worker; writes or compares what is in its memory then.",
    footer = {
      "",
      "Example: weightcast receive --like a.safetensors --master node0:29500 --out b.safetensors"
    })
final class ReceiveCommand implements Callable<Integer> {

  private final Terminal terminal;

  @ArgGroup(multiplicity = "1")
  private What what = new What();

  @Mixin private GroupOptions group = new GroupOptions();

  @Option(names = "--rank", paramLabel = "R", description = "This worker's (default 1).")
  private int rank = 1;

  @Mixin private PackingOptions packing = new PackingOptions();

  @Option(names = "--rounds", paramLabel = "N", description = "As the sender's (default 1).")
  private int rounds = 1;

  @Option(names = "--out", paramLabel = "FILE", description = "Write a safetensors file.")
  private @Nullable Path out;

  @Option(names = "--verify-against", paramLabel = "PATH", description = "Compare with this.")
  private @Nullable Path verifyAgainst;

  @Option(
      names = "--verify-seed",
      paramLabel = "NUMBER",
      description = "Compare with what send --specs --seed sends.")
  private @Nullable Long verifySeed;

  @Mixin private OutputOptions output = new OutputOptions();

  ReceiveCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /** Which tensors are coming, in the sender's order. */
  static final class What {
    @Option(
        names = "--like",
        required = true,
        paramLabel = "PATH",
        description = "Tensors as in this checkpoint.")
    private @Nullable Path like;

    @Option(
        names = "--specs",
        required = true,
        paramLabel = "FILE",
        description = "Or from JSON [[name, dtype, [dims]], …].")
    private @Nullable Path specs;

    List<TensorSpec> read() {
      return like != null
          ? SafetensorsSource.open(like).specs()
          : SpecList.read(java.util.Objects.requireNonNull(specs, "one of the two"));
    }
  }

  @Override
  public Integer call() {
    group.check();
    Rounds.check(rounds);
    if (rank < 1 || rank >= group.worldSize()) {
      throw new UsageException(
          "--rank "
              + rank
              + ": the workers of a group of "
              + group.worldSize()
              + " are rank 1 to "
              + (group.worldSize() - 1)
              + "; rank 0 sends");
    }
    Packing packed = packing.packing();
    List<TensorSpec> specs = what.read();
    Results results = new Results(out, verifyAgainst, verifySeed);
    results.check(specs);
    Rounds report = new Rounds(terminal, "received", rounds);
    WeightTransfer transfer = group.transfer(report.meter());
    AutoCloseable thisThread = terminal.interruption().register(Thread.currentThread()::interrupt);
    try (var engine = transfer.broadcastWorker();
        // Before the group is made: taking memory may wait for the whole device.
        DeviceModel model = DeviceModel.allocate(engine.deviceContext(), specs, group.timeout())) {
      String backend = Chosen.name(transfer);
      GroupOptions.remarkOnBackend(terminal, backend);
      receive(engine, model, specs, packed, report);
      results.write(model, specs, terminal).ifPresent(file -> report.add("out", file));
      results.verify(model).ifPresent(with -> report.add("verified", with));
      report.print(
          output.isJson(), "receive", backend, rank, group.worldSize(), engine.deviceContext());
      if (!output.isJson()) {
        results.summary(specs.size()).forEach(terminal.out()::println);
      }
      return ExitCode.OK;
    } finally {
      report.meter().clear();
      terminal.interruption().unregister(thisThread);
    }
  }

  private void receive(
      WeightTransferEngine<BroadcastInitInfo, BroadcastUpdateInfo> engine,
      DeviceModel model,
      List<TensorSpec> specs,
      Packing packed,
      Rounds report) {
    model.overwrite(); // so that what is found afterwards has arrived
    report.joining("the trainer at " + group.where());
    BroadcastInitInfo info =
        group.info(path -> new UniqueIdFile(path).await(group.timeout(), terminal.interruption()));
    engine.initTransferEngine(info.withRankOffset(rank).withPacking(packed));
    report.joined(group.worldSize());
    CopyingWeightLoader loader = CopyingWeightLoader.into(model.tensors());
    BroadcastUpdateInfo update = BroadcastUpdateInfo.of(specs);
    for (int round = 1; round <= rounds; round++) {
      report.begin(round);
      loader.reset();
      engine.startWeightUpdate();
      report.end(engine.receiveWeights(update, loader));
      engine.finishWeightUpdate();
    }
  }
}
