package dev.weightcast.backend.loopback;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.UniqueId;
import dev.weightcast.spi.collective.Communicator;
import dev.weightcast.spi.collective.CommunicatorFactory;
import dev.weightcast.spi.collective.DeviceRuntime;
import dev.weightcast.spi.collective.ProcessGroup;
import java.security.SecureRandom;
import java.util.function.IntPredicate;

/** Joins groups of this JVM. */
final class LoopbackCommunicatorFactory implements CommunicatorFactory {

  private final IntPredicate foreign;

  LoopbackCommunicatorFactory() {
    this(rank -> false);
  }

  /**
   * Joins groups in which some ranks behave as if they were not Weightcast's own.
   *
   * @param foreign which; all ranks of a group are to be told the same
   */
  LoopbackCommunicatorFactory(IntPredicate foreign) {
    this.foreign = foreign;
  }

  @Override
  public Communicator join(ProcessGroup group, DeviceRuntime device, Deadline deadline) {
    LoopbackGroup joined = MeetingPoints.OF_THIS_JVM.join(group, foreign, deadline);
    return new LoopbackCommunicator(joined, group.rank(), (LoopbackRuntime) device);
  }

  @Override
  public UniqueId createUniqueId() {
    byte[] bytes = new byte[UniqueId.BYTES];
    new SecureRandom().nextBytes(bytes);
    return UniqueId.of(bytes);
  }
}
