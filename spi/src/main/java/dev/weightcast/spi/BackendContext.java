package dev.weightcast.spi;

import dev.weightcast.api.ParallelConfig;
import dev.weightcast.api.WeightTransferConfig;
import java.util.Objects;

/**
 * What a provider is told when it makes an engine.
 *
 * @param config what holds for the engine through its life
 * @param parallel where the worker stands in its deployment; a trainer has no use for it
 */
public record BackendContext(WeightTransferConfig config, ParallelConfig parallel) {

  /** Checks that nothing is missing. */
  public BackendContext {
    Objects.requireNonNull(config, "config");
    Objects.requireNonNull(parallel, "parallel");
  }
}
