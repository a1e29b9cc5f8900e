package dev.weightcast.backend.nccl;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.UniqueId;
import dev.weightcast.api.WeightTransferException;
import dev.weightcast.spi.collective.Communicator;
import dev.weightcast.spi.collective.CommunicatorFactory;
import dev.weightcast.spi.collective.DeviceRuntime;
import dev.weightcast.spi.collective.ProcessGroup;

/** Joins groups: the meeting first, then the communicator. */
final class NcclCommunicatorFactory implements CommunicatorFactory {

  private final NcclLibrary nccl;
  private final NcclVersion version;
  private final MeetingPlace place;

  NcclCommunicatorFactory(NcclLibrary nccl, NcclVersion version, MeetingPlace place) {
    this.nccl = nccl;
    this.version = version;
    this.place = place;
  }

  @Override
  public Communicator join(ProcessGroup group, DeviceRuntime device, Deadline deadline) {
    if (!device.device().type().equals("cuda")) {
      throw new InvalidInfoException("NCCL cannot work on " + device.device());
    }
    Meeting meeting = place.meet(group, version, this::createUniqueId, deadline);
    try {
      NcclHandle handle =
          NcclHandle.init(
              nccl, group, device.device().index(), meeting.id().toByteArray(), deadline);
      return new NcclCommunicator(handle, group.rank(), group.worldSize(), meeting);
    } catch (RuntimeException | Error e) {
      meeting.close();
      throw e;
    }
  }

  @Override
  public UniqueId createUniqueId() {
    byte[] id = new byte[UniqueId.BYTES];
    int status = nccl.uniqueId(id);
    if (status != NcclLibrary.SUCCESS) {
      throw new WeightTransferException(
          new NcclTexts(nccl, "this process").failure("ncclGetUniqueId", "rendezvous", status));
    }
    return UniqueId.of(id);
  }
}
