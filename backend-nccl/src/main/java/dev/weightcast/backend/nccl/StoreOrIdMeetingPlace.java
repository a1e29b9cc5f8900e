package dev.weightcast.backend.nccl;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.UniqueId;
import dev.weightcast.rendezvous.GroupOptions;
import dev.weightcast.rendezvous.StatelessProcessGroup;
import dev.weightcast.rendezvous.UniqueIdExchange;
import dev.weightcast.spi.collective.ProcessGroup;
import java.util.Optional;
import java.util.function.Supplier;

/** The two ways there are: the store that rank 0 serves, or an id that every rank has already. */
final class StoreOrIdMeetingPlace implements MeetingPlace {

  private final LocalGroup.Registry local;

  StoreOrIdMeetingPlace() {
    this(LocalGroup.Registry.OF_THIS_PROCESS);
  }

  /**
   * @param local the groups whose ranks are in one process
   */
  StoreOrIdMeetingPlace(LocalGroup.Registry local) {
    this.local = local;
  }

  @Override
  public Meeting meet(
      ProcessGroup group, NcclVersion version, Supplier<UniqueId> fresh, Deadline deadline) {
    Optional<UniqueId> carried = group.info().uniqueId();
    return carried.isPresent()
        ? carried(carried.get(), group)
        : meetAtStore(group, version, fresh, deadline);
  }

  private static Meeting meetAtStore(
      ProcessGroup group, NcclVersion version, Supplier<UniqueId> fresh, Deadline deadline) {
    StatelessProcessGroup store = join(group, deadline);
    boolean met = false;
    String failure = "it could not meet the others";
    try {
      StoreChannel channel = new StoreChannel(store);
      try {
        new VersionExchange(store, version).check(deadline);
        UniqueId id = UniqueIdExchange.on(store).exchange(fresh, deadline);
        channel.open(deadline);
        met = true;
        return new Met(id, channel, store);
      } catch (RuntimeException e) {
        RuntimeException told = channel.explain(e, deadline);
        failure = String.valueOf(told.getMessage());
        throw told;
      }
    } finally {
      if (!met) {
        store.abandon(failure);
      }
    }
  }

  private static StatelessProcessGroup join(ProcessGroup group, Deadline deadline) {
    try {
      return StatelessProcessGroup.join(
          group.info().masterAddress().orElseThrow(),
          group.info().masterPort().orElseThrow(),
          group.rank(),
          group.worldSize(),
          GroupOptions.defaults().withFailureWatch(),
          deadline);
    } catch (RuntimeException e) {
      throw StoreChannel.explained(e);
    }
  }

  private Meeting carried(UniqueId id, ProcessGroup group) {
    return new Carried(id, local.join(id, group), group);
  }

  /** Nobody can be told anything but ranks in the same process. */
  private record Carried(UniqueId id, LocalGroup local, ProcessGroup group) implements Meeting {
    @Override
    public Peers peers() {
      return new LocalChannel(local, group.rank(), group.worldSize());
    }

    @Override
    public void abandon(String reason) {
      local.tell(group.rank(), reason);
      close();
    }

    @Override
    public void close() {
      local.leave(group.rank());
    }
  }

  private record Met(UniqueId id, StoreChannel channel, StatelessProcessGroup store)
      implements Meeting {
    @Override
    public Peers peers() {
      return channel;
    }

    @Override
    public void abandon(String reason) {
      store.abandon(reason);
    }

    @Override
    public void close() {
      store.close();
    }
  }
}
