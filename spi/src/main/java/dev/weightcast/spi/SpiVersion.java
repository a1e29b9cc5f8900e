package dev.weightcast.spi;

/** The version of this contract. */
public final class SpiVersion {

  /**
   * Raised whenever a provider built for an older version could not run any more. It is a constant,
   * so that a provider that returns it carries the version it was built against.
   */
  public static final int CURRENT = 1;

  private SpiVersion() {}
}
