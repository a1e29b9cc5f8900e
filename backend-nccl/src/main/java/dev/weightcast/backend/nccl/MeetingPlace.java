package dev.weightcast.backend.nccl;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.UniqueId;
import dev.weightcast.spi.collective.ProcessGroup;
import java.util.function.Supplier;

/** Brings the unique id to all ranks of a group. */
@FunctionalInterface
interface MeetingPlace {

  /**
   * Meets the other ranks.
   *
   * @param version what this rank runs
   * @param fresh makes the id, where this rank is the one that makes it
   */
  Meeting meet(
      ProcessGroup group, NcclVersion version, Supplier<UniqueId> fresh, Deadline deadline);
}
