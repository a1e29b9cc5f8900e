package dev.weightcast.api;

import java.util.List;

/**
 * A queue of work on a device: what is enqueued runs later, in order, while the caller goes on.
 *
 * <p>Enqueueing never waits for the work. One thread at a time may enqueue.
 */
public interface DeviceStream extends AutoCloseable {

  /**
   * Where the work runs.
   *
   * @return the device
   */
  Device device();

  /**
   * The stream as the device's own library knows it, for callers that enqueue work of their own.
   *
   * @return CUDA's {@code cudaStream_t} as a number, or a backend's own
   */
  long handle();

  /**
   * Enqueues copies; they run after everything enqueued before and may run in any order among
   * themselves, so they must not overlap.
   *
   * <p>Both memories of each copy stay untouched by others until the copies have run.
   *
   * @param copies what to copy; the list may be reused when the call returns
   * @throws DeviceException if the device refuses one
   */
  void copy(List<MemoryCopy> copies);

  /**
   * Marks this point of the stream: the event is done when the stream has come this far.
   *
   * @param event an event of the same device
   */
  void recordEvent(DeviceEvent event);

  /**
   * Makes everything enqueued from now on wait until the event is done, without blocking the
   * caller.
   *
   * @param event an event recorded on any stream of the same device
   */
  void waitEvent(DeviceEvent event);

  /**
   * Waits on the calling thread until everything enqueued so far has run.
   *
   * @param deadline the time there is
   * @throws TransferTimeoutException if the deadline passes first
   * @throws TransferAbortedException if the deadline is cancelled or the thread is interrupted
   * @throws DeviceException if the work failed
   */
  void synchronize(Deadline deadline);

  /**
   * Gives the stream back if it is not somebody else's; work that is still enqueued runs first or
   * is dropped, as the device does it. Idempotent; never throws.
   */
  @Override
  void close();
}
