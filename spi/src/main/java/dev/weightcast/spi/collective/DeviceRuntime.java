package dev.weightcast.spi.collective;

import dev.weightcast.api.DeviceContext;

/**
 * One engine's device for as long as the engine lives, with the account of what was made there.
 *
 * <p>Streams of a runtime copy between any two memories of its device and the host.
 */
public interface DeviceRuntime extends DeviceContext, AutoCloseable {

  /**
   * What is open now: made here and not closed yet.
   *
   * @return the account
   */
  DeviceAccount account();

  /**
   * Closes what is still open, after its work has ended, and lets the device go. Idempotent; never
   * throws.
   *
   * @return what had been left open, for the report; empty the second time
   */
  DeviceAccount closeAndReport();

  /** The same, for whoever has no use for the report. */
  @Override
  default void close() {
    closeAndReport();
  }
}
