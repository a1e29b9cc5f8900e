package dev.weightcast.backend.nccl;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.WeightTransferException;
import dev.weightcast.spi.collective.SideChannel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** One rank's end of what the ranks of a group that are in this process say to each other. */
final class LocalChannel implements SideChannel, Peers {

  private final LocalGroup group;
  private final int rank;
  private final int worldSize;

  LocalChannel(LocalGroup group, int rank, int worldSize) {
    this.group = group;
    this.rank = rank;
    this.worldSize = worldSize;
  }

  @Override
  public List<Integer> ranks() {
    return IntStream.range(0, worldSize).boxed().toList();
  }

  /**
   * There if all ranks are in this process. Every rank sees that alike once its communicator is
   * there, because that takes all ranks, and all have entered before.
   */
  @Override
  public Optional<SideChannel> sideChannel() {
    return group.isWhole() ? Optional.of(this) : Optional.empty();
  }

  @Override
  public void post(String name, byte[] note, Deadline deadline) {
    group.post(rank, name, note);
  }

  @Override
  public Optional<byte[]> read(int from, String name, Duration patience, Deadline deadline) {
    return group.read(from, name, patience, deadline);
  }

  @Override
  public void remove(String name, Deadline deadline) {
    group.remove(rank, name);
  }

  @Override
  public Optional<WeightTransferException> failure() {
    return group.failureBesides(rank).map(WeightTransferException.class::cast);
  }

  /** Whoever leaves tells before NCCL hears of it. */
  @Override
  public boolean mayStillSay() {
    return false;
  }

  @Override
  public RuntimeException explain(RuntimeException e, Deadline deadline) {
    return deadline.isOver() ? e : failure().<RuntimeException>map(told -> told).orElse(e);
  }

  @Override
  public void tell(String reason) {
    group.tell(rank, reason);
  }

  @Override
  public void awaitTold() {}
}
