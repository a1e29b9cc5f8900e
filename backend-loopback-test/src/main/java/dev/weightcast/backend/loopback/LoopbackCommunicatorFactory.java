package dev.weightcast.backend.loopback;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.UniqueId;
import dev.weightcast.spi.collective.Communicator;
import dev.weightcast.spi.collective.CommunicatorFactory;
import dev.weightcast.spi.collective.DeviceRuntime;
import dev.weightcast.spi.collective.ProcessGroup;
import java.security.SecureRandom;

/** Joins groups of this JVM. */
final class LoopbackCommunicatorFactory implements CommunicatorFactory {

  @Override
  public Communicator join(ProcessGroup group, DeviceRuntime device, Deadline deadline) {
    LoopbackGroup joined = MeetingPoints.OF_THIS_JVM.join(group, deadline);
    return new LoopbackCommunicator(joined, group.rank(), (LoopbackRuntime) device);
  }

  @Override
  public UniqueId createUniqueId() {
    byte[] bytes = new byte[UniqueId.BYTES];
    new SecureRandom().nextBytes(bytes);
    return UniqueId.of(bytes);
  }
}
