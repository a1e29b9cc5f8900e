package dev.weightcast.backend.nccl;

import dev.weightcast.api.UniqueId;

/** Where a group has met: the unique id that came of it, and what must stay open meanwhile. */
interface Meeting extends AutoCloseable {

  /** The id that all ranks of the group now have. */
  UniqueId id();

  /** What this rank knows of the others for as long as the place is open. */
  default Peers peers() {
    return Peers.UNKNOWN;
  }

  /** Leaves the place without waiting for anybody, and tells the others why. Never throws. */
  default void abandon(String reason) {
    close();
  }

  /**
   * Leaves the place; ranks that have not read the id yet cannot any more. If the others were told
   * why, they get a moment to read it. Never throws.
   */
  @Override
  void close();
}
