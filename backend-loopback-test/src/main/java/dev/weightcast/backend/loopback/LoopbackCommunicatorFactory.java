package dev.weightcast.backend.loopback;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.TransferAbortedException;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferPhase;
import dev.weightcast.api.UniqueId;
import dev.weightcast.backend.loopback.Fault.Kind;
import dev.weightcast.spi.collective.Communicator;
import dev.weightcast.spi.collective.CommunicatorFactory;
import dev.weightcast.spi.collective.DeviceRuntime;
import dev.weightcast.spi.collective.ProcessGroup;
import java.security.SecureRandom;
import java.util.function.Consumer;
import java.util.function.IntPredicate;

/** Joins groups of this JVM. */
final class LoopbackCommunicatorFactory implements CommunicatorFactory {

  private final IntPredicate foreign;
  private final Consumer<LoopbackGroup> observer;
  private final boolean mute;

  LoopbackCommunicatorFactory() {
    this(rank -> false, group -> {}, false);
  }

  /**
   * Joins groups in which some ranks behave as if they were not Weightcast's own.
   *
   * @param foreign which; all ranks of a group are to be told the same
   * @param observer told which group each rank has joined
   * @param mute whether the ranks have no channel, as NCCL's have that meet by a unique id
   */
  LoopbackCommunicatorFactory(
      IntPredicate foreign, Consumer<LoopbackGroup> observer, boolean mute) {
    this.foreign = foreign;
    this.observer = observer;
    this.mute = mute;
  }

  @Override
  public Communicator join(ProcessGroup group, DeviceRuntime device, Deadline deadline) {
    LoopbackRuntime runtime = (LoopbackRuntime) device;
    RankFaults faults = MeetingPoints.OF_THIS_JVM.faultsOf(group, deadline);
    runtime.attach(faults);
    LoopbackGroup joined = join(group, faults, deadline);
    observer.accept(joined);
    return new LoopbackCommunicator(joined, group.rank(), runtime, faults, mute);
  }

  private LoopbackGroup join(ProcessGroup group, RankFaults faults, Deadline deadline) {
    try {
      faults.beLate(deadline);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TransferAbortedException(
          group + " was interrupted before it came to the rendezvous, late as planned",
          TransferPhase.RENDEZVOUS,
          0,
          0,
          e);
    }
    if (faults.take(Kind.KILL_IN_RENDEZVOUS, 0, "was killed in rendezvous").isPresent()) {
      throw new TransferException(
          group + " was killed in rendezvous, as planned", TransferPhase.RENDEZVOUS, 0, 0, null);
    }
    return faults.take(Kind.ABSENT, 0, "does not find the others").isPresent()
        ? MeetingPoints.OF_THIS_JVM.joinNobody(group, deadline)
        : MeetingPoints.OF_THIS_JVM.join(group, foreign, deadline);
  }

  @Override
  public UniqueId createUniqueId() {
    byte[] bytes = new byte[UniqueId.BYTES];
    new SecureRandom().nextBytes(bytes);
    return UniqueId.of(bytes);
  }
}
