package dev.weightcast.backend.nccl;

import dev.weightcast.api.UniqueId;

/** Where a group has met: the unique id that came of it, and what must stay open meanwhile. */
interface Meeting extends AutoCloseable {

  /** The id that all ranks of the group now have. */
  UniqueId id();

  /** Leaves the place; ranks that have not read the id yet cannot any more. Never throws. */
  @Override
  void close();
}
