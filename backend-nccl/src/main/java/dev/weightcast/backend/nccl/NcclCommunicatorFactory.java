package dev.weightcast.backend.nccl;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.UniqueId;
import dev.weightcast.api.WeightTransferException;
import dev.weightcast.spi.collective.Communicator;
import dev.weightcast.spi.collective.CommunicatorFactory;
import dev.weightcast.spi.collective.DeviceRuntime;
import dev.weightcast.spi.collective.ProcessGroup;
import org.jspecify.annotations.Nullable;

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
    if (!(device instanceof CudaRuntime runtime)) {
      throw new InvalidInfoException(
          "NCCL works on the CUDA runtime of this backend, not on " + device.device());
    }
    Meeting meeting = place.meet(group, version, this::createUniqueId, deadline);
    String problem = "it could not make its communicator";
    @Nullable Communicator joined = null;
    try {
      byte[] id = meeting.id().toByteArray();
      int ordinal = runtime.device().index();
      NcclHandle handle = NcclHandle.init(nccl, group, ordinal, id, meeting.peers(), deadline);
      joined = new NcclCommunicator(handle, group, meeting, runtime);
      return joined;
    } catch (RuntimeException e) {
      problem = String.valueOf(e.getMessage());
      throw e;
    } finally {
      if (joined == null) {
        meeting.abandon(problem);
      }
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
