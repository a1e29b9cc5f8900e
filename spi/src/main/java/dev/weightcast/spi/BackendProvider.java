package dev.weightcast.spi;

import dev.weightcast.api.TrainerWeightTransferEngine;
import dev.weightcast.api.WeightTransferEngine;
import java.util.Map;

/**
 * A backend, as the registry finds it.
 *
 * <p>A provider is registered both by {@code provides … with} in its module descriptor and in
 * {@code META-INF/services}. Its constructor is public, takes nothing and does nothing: natives are
 * loaded by {@link #availability()}, once. Every method may be called from any thread.
 */
public interface BackendProvider {

  /**
   * The name by which the backend is chosen: words of {@code [a-z][a-z0-9-]*} joined by dots. Names
   * without a dot are reserved for Weightcast's own backends; others put one in front of the word,
   * as in {@code example.rdma}.
   *
   * @return the name, always the same
   */
  String name();

  /**
   * The version of the SPI that the provider was built against.
   *
   * @return {@link SpiVersion#CURRENT}, written so that the compiler puts the constant in
   */
  int spiVersion();

  /**
   * Whether the backend can run here. Loads natives if it must, once.
   *
   * @return yes, or every reason why not; never throws
   */
  Availability availability();

  /**
   * What it runs on, for whoever looks: versions of libraries and drivers, devices. Asked after
   * {@link #availability()}, also when that says no; takes no device's memory.
   *
   * @return what is known, such as {@code NCCL} → {@code 2.28.3}, in the order in which it is shown
   */
  default Map<String, String> details() {
    return Map.of();
  }

  /**
   * Who goes first when the configured name is {@code auto}.
   *
   * @return the higher goes first; 0 is never taken by {@code auto}
   */
  int priority();

  /**
   * Makes a worker's engine.
   *
   * @param context what holds for it
   * @return a fresh engine that the caller closes
   */
  WeightTransferEngine<?, ?> worker(BackendContext context);

  /**
   * Makes a trainer's engine.
   *
   * @param context what holds for it
   * @return a fresh engine that the caller closes
   */
  TrainerWeightTransferEngine<?> trainer(BackendContext context);
}
