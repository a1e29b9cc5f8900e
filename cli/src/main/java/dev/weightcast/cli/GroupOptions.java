package dev.weightcast.cli;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.Device;
import dev.weightcast.api.TransferListener;
import dev.weightcast.api.UniqueId;
import dev.weightcast.api.WeightTransferConfig;
import dev.weightcast.core.WeightTransfer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which backend, and where its group meets. */
final class GroupOptions {

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      description = "Default: WEIGHTCAST_BACKEND, else auto.")
  private String backend = "";

  @Option(
      names = "--master",
      paramLabel = "HOST:PORT",
      description = "Where rank 0 serves the store.")
  private @Nullable HostPort master;

  @Option(
      names = "--unique-id-file",
      paramLabel = "FILE",
      description = "Instead: 128 bytes, from the sender to all.")
  private @Nullable Path uniqueIdFile;

  @Option(names = "--world-size", paramLabel = "N", description = "All ranks (default 2).")
  private int worldSize = 2;

  @Option(
      names = "--device",
      paramLabel = "D",
      description = "Such as cuda:1 (default: the backend's choice).")
  private @Nullable String device;

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      converter = TimeSpan.class,
      description = "For joining, and for each round (default 5m).")
  private Duration timeout = Duration.ofMinutes(5);

  @Mixin private ChecksumOption checksums = new ChecksumOption();

  int worldSize() {
    return worldSize;
  }

  Duration timeout() {
    return timeout;
  }

  String where() {
    return master != null ? master.toString() : "'" + uniqueIdFile + "'";
  }

  @Nullable Path uniqueIdFile() {
    return uniqueIdFile;
  }

  /** Checks what can be checked before anything is made. */
  void check() {
    if ((master == null) == (uniqueIdFile == null)) {
      throw new UsageException(
          master == null
              ? "where does the group meet? Give --master HOST:PORT or --unique-id-file FILE"
              : "give either --master or --unique-id-file, not both");
    }
    if (master != null && master.port() == 0) {
      throw new UsageException("--master " + master + ": a group needs a port from 1 to 65535");
    }
    if (worldSize < 2) {
      throw new UsageException(
          "--world-size " + worldSize + ": a group is a trainer and at least one worker, so 2");
    }
    checkTimeout(timeout);
  }

  static void checkTimeout(Duration timeout) {
    if (timeout.isZero()) {
      throw new UsageException("--timeout must be longer than zero, such as 90s");
    }
  }

  WeightTransfer transfer(TransferListener listener) {
    WeightTransferConfig config =
        checksums.in(WeightTransferConfig.defaults().withTimeout(timeout).withListener(listener));
    return transfer(backend, device == null ? config : config.withDevice(Device.parse(device)));
  }

  static WeightTransfer transfer(String backend, WeightTransferConfig config) {
    return WeightTransfer.builder().backend(backend).config(config).build();
  }

  /** The group's info; the id comes from the file's reader or writer where there is one. */
  BroadcastInitInfo info(Function<Path, UniqueId> idFile) {
    if (master != null) {
      return BroadcastInitInfo.ofStore(master.host(), master.port(), worldSize);
    }
    Path file = java.util.Objects.requireNonNull(uniqueIdFile, "checked");
    return BroadcastInitInfo.ofUniqueId(idFile.apply(file), worldSize);
  }

  /** What a command that runs one rank says about a backend that lives in one process. */
  static void remarkOnBackend(Terminal terminal, String chosen) {
    if (chosen.equals("loopback")) {
      terminal.remark(
          "note: 'loopback' connects ranks of one process only, nobody else can join;"
              + " 'weightcast bench --backend loopback' runs all ranks at once");
    }
  }
}
