package dev.weightcast.spi.collective;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.InvalidInfoException;

/**
 * The membership of one rank in a group: who it is and where the group meets. The live channel is
 * the {@link Communicator}.
 *
 * @param rank this rank, 0 to world size - 1; in store mode rank 0 serves the store
 * @param info where the group meets and how large it is
 */
public record ProcessGroup(int rank, BroadcastInitInfo info) {

  /**
   * Checks the rank.
   *
   * @throws InvalidInfoException if it lies outside the group
   */
  public ProcessGroup {
    if (rank < 0 || rank >= info.worldSize()) {
      throw new InvalidInfoException(
          "rank " + rank + " is outside the group of world_size " + info.worldSize());
    }
  }

  /**
   * How many ranks the group has.
   *
   * @return the world size
   */
  public int worldSize() {
    return info.worldSize();
  }

  /** As in {@code rank 2 of 4 at 10.0.0.5:29500}. */
  @Override
  public String toString() {
    return "rank " + rank + " of " + worldSize() + " at " + meetingPoint();
  }

  private String meetingPoint() {
    return info.masterAddress()
        .map(address -> address + ":" + info.masterPort().orElseThrow())
        .orElseGet(() -> info.uniqueId().orElseThrow().toString());
  }
}
