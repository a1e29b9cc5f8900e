package dev.weightcast.spi.collective;

import dev.weightcast.api.WeightTransferException;

/**
 * What a communicator says when another rank has failed or left, and which; the engines make a
 * {@link dev.weightcast.api.RankFailedException} of it.
 */
public final class PeerFailure extends WeightTransferException {

  private static final long serialVersionUID = 1L;

  private final int rank;

  /**
   * A failure of another rank.
   *
   * @param rank who failed first, as far as is known
   * @param message as in {@code rank 2 has left the group: …}, with its own reason if it gave one
   */
  public PeerFailure(int rank, String message) {
    super(message);
    this.rank = rank;
  }

  /**
   * Who failed.
   *
   * @return the rank
   */
  public int rank() {
    return rank;
  }
}
