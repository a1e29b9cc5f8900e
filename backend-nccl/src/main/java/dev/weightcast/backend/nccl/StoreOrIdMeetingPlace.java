package dev.weightcast.backend.nccl;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.UniqueId;
import dev.weightcast.rendezvous.StatelessProcessGroup;
import dev.weightcast.rendezvous.UniqueIdExchange;
import dev.weightcast.spi.collective.ProcessGroup;
import java.util.Optional;
import java.util.function.Supplier;

/** The two ways there are: the store that rank 0 serves, or an id that every rank has already. */
final class StoreOrIdMeetingPlace implements MeetingPlace {

  @Override
  public Meeting meet(
      ProcessGroup group, NcclVersion version, Supplier<UniqueId> fresh, Deadline deadline) {
    Optional<UniqueId> carried = group.info().uniqueId();
    return carried.isPresent()
        ? new Met(carried.get(), () -> {})
        : meetAtStore(group, version, fresh, deadline);
  }

  private static Meeting meetAtStore(
      ProcessGroup group, NcclVersion version, Supplier<UniqueId> fresh, Deadline deadline) {
    StatelessProcessGroup store =
        StatelessProcessGroup.join(
            group.info().masterAddress().orElseThrow(),
            group.info().masterPort().orElseThrow(),
            group.rank(),
            group.worldSize(),
            deadline);
    try {
      new VersionExchange(store, version).check(deadline);
      return new Met(UniqueIdExchange.on(store).exchange(fresh, deadline), store::close);
    } catch (RuntimeException | Error e) {
      store.close();
      throw e;
    }
  }

  private record Met(UniqueId id, Runnable onClose) implements Meeting {
    @Override
    public void close() {
      onClose.run();
    }
  }
}
