package dev.weightcast.spi.collective;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.TransferAbortedException;
import dev.weightcast.api.TransferTimeoutException;
import dev.weightcast.api.UniqueId;
import dev.weightcast.api.WeightTransferException;

/** Joins groups; what a backend has besides its {@link DeviceRuntime}. */
public interface CommunicatorFactory {

  /**
   * Joins a group and returns when all its ranks have: rendezvous first, then the communicator. The
   * warm-up is the engine's.
   *
   * <p>Takes all its waiting time from the deadline, and ends promptly when that is cancelled or
   * the thread interrupted. When it fails it leaves nothing behind.
   *
   * @param group who this rank is and where the group meets
   * @param device where the rank works
   * @param deadline the time there is
   * @return the live channel, which the caller closes
   * @throws TransferTimeoutException if not all ranks came in time; names the missing ones where it
   *     can
   * @throws TransferAbortedException if the deadline was cancelled or the thread interrupted
   * @throws WeightTransferException if anything else went wrong
   */
  Communicator join(ProcessGroup group, DeviceRuntime device, Deadline deadline);

  /**
   * A fresh unique id.
   *
   * @return an id that no other group has
   */
  UniqueId createUniqueId();
}
