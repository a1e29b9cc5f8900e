package dev.weightcast.api;

import java.util.List;

/** The one loop behind the waits that api offers by itself. */
final class Waits {

  private Waits() {}

  static void synchronize(DeviceEvent event, Deadline deadline) {
    try {
      while (!event.await(deadline.slice())) {
        if (deadline.isOver()) {
          throw over(deadline);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TransferAbortedException(
          "interrupted while waiting for a device stream", TransferPhase.DRAIN, 0, 0, e);
    }
  }

  private static TransferException over(Deadline deadline) {
    return deadline
        .cancellation()
        .<TransferException>map(
            reason ->
                new TransferAbortedException(
                    "cancelled while waiting for a device stream: " + reason,
                    TransferPhase.DRAIN,
                    0,
                    0,
                    null))
        .orElseGet(
            () ->
                new TransferTimeoutException(
                    "a device stream did not finish its work within " + deadline.timeout(),
                    deadline.timeout(),
                    TransferPhase.DRAIN,
                    0,
                    0,
                    List.of(),
                    null));
  }
}
