package dev.weightcast.api;

/**
 * Is told how a transfer goes, on the thread that runs it: be quick. What it throws ends the
 * transfer, as any failure does.
 */
public interface TransferListener {

  /** Listens to nothing. */
  TransferListener NONE = new TransferListener() {};

  /**
   * The plan is made; no byte has moved and the buffers are about to be allocated.
   *
   * @param plan what will move and what memory it takes
   */
  default void planned(TransferPlan plan) {}

  /**
   * Another bucket has gone all the way.
   *
   * @param progress how far the transfer is
   */
  default void progressed(TransferProgress progress) {}
}
