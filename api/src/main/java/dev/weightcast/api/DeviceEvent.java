package dev.weightcast.api;

import java.time.Duration;

/**
 * A mark in a stream: recorded there, and done once the stream has run everything before it.
 *
 * <p>An event that was never recorded counts as done. Recording it again moves the mark. Events may
 * be queried and awaited from any thread.
 */
public interface DeviceEvent extends AutoCloseable {

  /**
   * The event as the device's own library knows it.
   *
   * @return CUDA's {@code cudaEvent_t} as a number, or a backend's own
   */
  long handle();

  /**
   * Whether the stream has passed the mark, without waiting.
   *
   * @return true once it has
   * @throws DeviceException if the stream's work failed
   */
  boolean query();

  /**
   * Waits on the calling thread until the stream has passed the mark.
   *
   * @param atMost how long to wait; a caller under a {@link Deadline} passes its slice
   * @return whether the mark was passed
   * @throws InterruptedException if the thread is interrupted
   * @throws DeviceException if the stream's work failed
   */
  boolean await(Duration atMost) throws InterruptedException;

  /**
   * Waits on the calling thread until the stream has passed the mark, within a deadline.
   *
   * @param deadline the time there is
   * @throws TransferTimeoutException if the deadline passes first
   * @throws TransferAbortedException if the deadline is cancelled or the thread is interrupted; the
   *     interrupt flag is set again
   * @throws DeviceException if the stream's work failed
   */
  default void synchronize(Deadline deadline) {
    Waits.synchronize(this, deadline);
  }

  /** Gives the event back if it is not somebody else's. Idempotent; never throws. */
  @Override
  void close();
}
