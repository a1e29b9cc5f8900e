package dev.weightcast.spi.collective;

import dev.weightcast.api.DataType;
import dev.weightcast.api.DeviceBuffer;
import dev.weightcast.api.DeviceStream;
import dev.weightcast.api.WeightTransferException;
import java.util.List;
import java.util.Optional;

/**
 * The live channel of one rank in its group: a few collectives, in the order they are called, and a
 * way out.
 *
 * <p>The collectives enqueue on a stream and return; one thread at a time calls them. All ranks
 * call the same collectives in the same order. {@link #abort}, {@link #failure} and {@link
 * #missingRanks} may be called from any thread at any time.
 */
public interface Communicator extends AutoCloseable {

  /**
   * This rank.
   *
   * @return 0 to world size - 1
   */
  int rank();

  /**
   * How many ranks there are.
   *
   * @return at least 1
   */
  int worldSize();

  /**
   * Enqueues a broadcast: root's elements replace those of everybody else.
   *
   * @param buffer what root sends from and the others receive into, on this rank's device
   * @param byteOffset where in the buffer the elements start
   * @param count how many elements, at least 1
   * @param type what one element is; {@link DataType#ncclType()} is present
   * @param root the rank that sends
   * @param stream behind what, on this rank's device
   * @throws WeightTransferException if the call is refused, or the communicator has failed or was
   *     aborted
   */
  void broadcast(
      DeviceBuffer buffer,
      long byteOffset,
      long count,
      DataType type,
      int root,
      DeviceStream stream);

  /**
   * Enqueues an all-reduce: everybody's elements become their sum over all ranks. In place.
   *
   * @param buffer the elements, on this rank's device
   * @param byteOffset where in the buffer they start
   * @param count how many elements, at least 1
   * @param type what one element is; {@link DataType#FLOAT32} is all that must be supported
   * @param stream behind what, on this rank's device
   * @throws WeightTransferException if the call is refused, or the communicator has failed or was
   *     aborted
   */
  void allReduceSum(
      DeviceBuffer buffer, long byteOffset, long count, DataType type, DeviceStream stream);

  /**
   * The first failure that happened outside a call, in NCCL's words an asynchronous error. Polled
   * by whoever waits; must be cheap.
   *
   * @return the failure, or empty while all is well; an abort by this rank is not one. A {@link
   *     PeerFailure} where it is known which other rank failed or left
   */
  Optional<WeightTransferException> failure();

  /**
   * What ranks of ours can say to each other beside the collectives.
   *
   * @return empty where there is no such way; then ranks that are all ours agree and acknowledge by
   *     collectives, and ranks with a foreign one among them do not
   */
  default Optional<SideChannel> sideChannel() {
    return Optional.empty();
  }

  /**
   * The ranks that the oldest unfinished collective waits for, where that can be known.
   *
   * @return ranks in ascending order; empty if nothing is waited for or it cannot be known
   */
  List<Integer> missingRanks();

  /**
   * Ends everything under way: collectives that were enqueued finish soon, their results undefined,
   * and streams go on. Later calls of collectives are refused. Idempotent, never throws, and never
   * waits for another rank.
   *
   * @param reason why, for the messages of whoever is refused
   */
  void abort(String reason);

  /**
   * Leaves the group and gives the channel's memory back: aborts first. Idempotent, never throws.
   */
  @Override
  void close();
}
