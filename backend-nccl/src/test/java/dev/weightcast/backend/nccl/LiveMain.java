package dev.weightcast.backend.nccl;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.CopyingWeightLoader;
import dev.weightcast.api.Device;
import dev.weightcast.api.Packing;
import dev.weightcast.api.SendOptions;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TrainerWeightTransferEngine;
import dev.weightcast.api.TransferReport;
import dev.weightcast.api.WeightSource;
import dev.weightcast.api.WeightTransferConfig;
import dev.weightcast.api.WeightTransferEngine;
import dev.weightcast.core.WeightTransfer;
import dev.weightcast.safetensors.SafetensorsSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * One side of a live transfer, in a process of its own: {@code role=trainer} or {@code
 * role=worker}, with the same other words on both sides. See gpu/README.md.
 */
final class LiveMain {

  private final LiveArguments arguments;
  private final WeightTransfer transfer;
  private long wrong;

  private LiveMain(LiveArguments arguments) {
    this.arguments = arguments;
    WeightTransferConfig config =
        WeightTransferConfig.defaults()
            .withTimeout(Duration.ofSeconds(arguments.number("timeout", 60)))
            .withChecksums(arguments.text("checksums", "no").equals("yes"))
            .withDevice(Device.parse(arguments.text("device", "cuda:0")));
    this.transfer = WeightTransfer.builder().backend("nccl").config(config).build();
  }

  private static int faults(LiveArguments arguments) throws Exception {
    try (LiveFaults faults = new LiveFaults(arguments)) {
      if (arguments.text("do", "").equals("mismatches")) {
        faults.mismatches();
        return 0;
      }
      return faults.run() == 0 ? 0 : 1;
    }
  }

  public static void main(String[] words) throws Exception {
    LiveArguments arguments = new LiveArguments(words);
    switch (arguments.text("do", "transfer")) {
      case "list" -> System.out.print(LiveLists.text(arguments.specs()));
      case "explain" -> System.out.println(new NcclBackendProvider().availability());
      case "file" -> LiveFile.write(Path.of(arguments.text("file", "")), arguments.specs());
      case "raw" -> LiveRaw.run(arguments);
      case "groups" -> LiveRaw.groups(arguments);
      case "ranks" -> {
        WeightTransfer transfer = new LiveMain(arguments).transfer;
        end(new LiveRanks(arguments, transfer).run());
      }
      case "rawranks" -> end(LiveRaw.ranks(arguments));
      case "copies" -> System.exit(LiveCopies.run(arguments) == 0 ? 0 : 1);
      case "recover" -> {
        WeightTransfer transfer = new LiveMain(arguments).transfer;
        System.exit(new LiveRecovery(arguments, transfer).run() == 0 ? 0 : 1);
      }
      case "peer" -> LivePeer.run(arguments);
      case "faults", "mismatches" -> System.exit(faults(arguments));
      case "memory" -> new LiveMain(arguments).memory();
      case "transfer" -> {
        LiveMain main = new LiveMain(arguments);
        main.transfer();
        System.exit(main.wrong == 0 ? 0 : 1);
      }
      default -> throw new IllegalArgumentException("do=" + arguments.text("do", ""));
    }
    System.exit(0);
  }

  /** Ends the JVM as it is: what hangs in a driver would hold up an orderly end. */
  private static void end(long wrong) {
    System.out.flush();
    Runtime.getRuntime().halt(wrong == 0 ? 0 : 1);
  }

  private void transfer() {
    if (arguments.isTrainer()) {
      try (TrainerWeightTransferEngine<BroadcastInitInfo> engine = transfer.broadcastTrainer()) {
        train(engine, arguments.text("file", ""));
      }
    } else {
      try (WeightTransferEngine<BroadcastInitInfo, BroadcastUpdateInfo> engine =
          transfer.broadcastWorker()) {
        work(engine);
      }
    }
  }

  private void train(TrainerWeightTransferEngine<BroadcastInitInfo> engine, String file) {
    if (!file.isEmpty()) {
      engine.initTransferEngine(arguments.group("0", engine::createUniqueId));
      sendAll(engine, SafetensorsSource.open(Path.of(file)));
      return;
    }
    try (LiveModel model = new LiveModel(engine.deviceContext(), arguments.specs())) {
      model.fill();
      engine.initTransferEngine(arguments.group("0", engine::createUniqueId));
      sendAll(engine, WeightSource.of(model.tensors()));
    }
  }

  private void sendAll(TrainerWeightTransferEngine<BroadcastInitInfo> engine, WeightSource source) {
    for (Packing packing : arguments.packings()) {
      for (int round = 0; round < arguments.number("rounds", 1); round++) {
        SendOptions options = SendOptions.defaults().withPacking(packing);
        tell("sent", packing, round, engine.sendWeights(source, options), -1);
      }
    }
  }

  private void work(WeightTransferEngine<BroadcastInitInfo, BroadcastUpdateInfo> engine) {
    List<TensorSpec> specs = arguments.specs();
    try (LiveModel model = new LiveModel(engine.deviceContext(), specs)) {
      CopyingWeightLoader loader = CopyingWeightLoader.into(model.tensors());
      engine.initTransferEngine(arguments.group("0", () -> null));
      for (Packing packing : arguments.packings()) {
        for (int round = 0; round < arguments.number("rounds", 1); round++) {
          model.clear();
          engine.startWeightUpdate();
          TransferReport report =
              engine.receiveWeights(BroadcastUpdateInfo.of(specs).withPacking(packing), loader);
          engine.finishWeightUpdate();
          boolean check = round == 0 || arguments.text("check", "all").equals("all");
          long differences = check ? model.differences() : 0;
          wrong += differences + loader.missing().size();
          loader.reset();
          tell("received", packing, round, report, check ? differences : -1);
        }
      }
    }
  }

  /** Rounds and cycles with an eye on what device and process hold. */
  private void memory() {
    int cycles = arguments.number("cycles", 3);
    for (int cycle = 0; cycle < cycles; cycle++) {
      if (arguments.isTrainer()) {
        try (TrainerWeightTransferEngine<BroadcastInitInfo> engine = transfer.broadcastTrainer();
            LiveModel model = new LiveModel(engine.deviceContext(), arguments.specs())) {
          model.fill();
          engine.initTransferEngine(arguments.group("" + cycle, engine::createUniqueId));
          Packing packing = arguments.packings().get(0);
          for (int round = 0; round < arguments.number("rounds", 50); round++) {
            engine.sendWeights(
                WeightSource.of(model.tensors()), SendOptions.defaults().withPacking(packing));
            look(cycle, round);
          }
        }
      } else {
        try (WeightTransferEngine<BroadcastInitInfo, BroadcastUpdateInfo> engine =
                transfer.broadcastWorker();
            LiveModel model = new LiveModel(engine.deviceContext(), arguments.specs())) {
          CopyingWeightLoader loader = CopyingWeightLoader.into(model.tensors());
          engine.initTransferEngine(arguments.group("" + cycle, () -> null));
          Packing packing = arguments.packings().get(0);
          for (int round = 0; round < arguments.number("rounds", 50); round++) {
            engine.startWeightUpdate();
            engine.receiveWeights(
                BroadcastUpdateInfo.of(arguments.specs()).withPacking(packing), loader);
            engine.finishWeightUpdate();
            look(cycle, round);
          }
        }
      }
      arguments.barrier("closed." + cycle);
      print("closed", cycle, -1);
      arguments.barrier("looked." + cycle);
    }
  }

  private void look(int cycle, int round) {
    if (round == 0 || round == arguments.number("rounds", 50) - 1) {
      arguments.barrier("round." + cycle + "." + round);
      print("open", cycle, round);
      arguments.barrier("seen." + cycle + "." + round);
    }
  }

  private void print(String state, int cycle, int round) {
    long[] memory = new long[2];
    int status =
        new JavacppCudaLibrary()
            .memoryInfo(Device.parse(arguments.text("device", "cuda:0")).index(), memory);
    System.out.printf(
        Locale.ROOT,
        "MEMORY|%s|%s|cycle %d|round %d|device used %d MiB|process %s|%d%n",
        arguments.text("role", ""),
        state,
        cycle,
        round,
        (memory[1] - memory[0]) >> 20,
        residentSize(),
        status);
  }

  static String residentSize() {
    try {
      return Files.readAllLines(Path.of("/proc/self/status")).stream()
          .filter(line -> line.startsWith("VmRSS"))
          .map(line -> line.replaceAll("\\s+", " "))
          .findFirst()
          .orElse("unknown");
    } catch (IOException e) {
      return "unknown";
    }
  }

  private void tell(
      String what, Packing packing, int round, TransferReport report, long differences) {
    System.out.printf(
        Locale.ROOT,
        "RESULT|%s|%s|%s|%s|%d|%d|%d|%d|%.3f|%.2f|%s%n",
        arguments.text("label", "java-java"),
        what,
        arguments.text("list", "small"),
        arguments.text("mode", "store")
            + (packing.packed() ? " packed " + packing.bufferSizeBytes() : " unpacked"),
        packing.numBuffers(),
        round,
        report.tensors(),
        report.bytes(),
        report.elapsed().toNanos() / 1e9,
        report.gigabytesPerSecond(),
        differences < 0 ? "-" : differences == 0 ? "all bytes equal" : differences + " WRONG");
  }
}
