package dev.weightcast.cli;

import dev.weightcast.api.WeightTransferConfig;
import picocli.CommandLine.Option;

/** Whether bytes are checked on their way; the same on all ranks. */
final class ChecksumOption {

  @Option(names = "--checksums", description = "Check each bucket; all ranks must.")
  private boolean checksums;

  boolean isOn() {
    return checksums;
  }

  WeightTransferConfig in(WeightTransferConfig config) {
    return config.withChecksums(checksums);
  }
}
