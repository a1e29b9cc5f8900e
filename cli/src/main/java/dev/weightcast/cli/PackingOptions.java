package dev.weightcast.cli;

import dev.weightcast.api.Packing;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How tensors are grouped into broadcasts; the same on all ranks. */
final class PackingOptions {

  @Option(names = "--packed", description = "Many tensors a broadcast.")
  private boolean packed;

  @Mixin private BufferOptions buffers = new BufferOptions();

  Packing packing() {
    return buffers.packing(packed);
  }
}
