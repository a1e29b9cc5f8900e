package dev.weightcast.rendezvous.internal;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.TransferAbortedException;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferPhase;
import dev.weightcast.api.TransferTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The exceptions of this module, all in the rendezvous phase, where no weights have moved yet. */
public final class Failures {

  private static final int MAX_EXCERPT = 400;

  private Failures() {}

  /**
   * A failure of the store, the network or a peer.
   *
   * @param message what was asked, what was found, what to do
   * @param cause what led to it, or null
   * @return the exception
   */
  public static TransferException failed(String message, @Nullable Throwable cause) {
    return new TransferException(message, TransferPhase.RENDEZVOUS, 0, 0, cause);
  }

  /**
   * A deadline that passed.
   *
   * @param message what was asked, what was found, what to do
   * @param deadline the deadline
   * @param missing the ranks that did not come, empty where unknown
   * @return the exception
   */
  public static TransferTimeoutException timeout(
      String message, Deadline deadline, List<Integer> missing) {
    return new TransferTimeoutException(
        message, deadline.timeout(), TransferPhase.RENDEZVOUS, 0, 0, missing, null);
  }

  /**
   * A wait that was stopped, as what its caller throws.
   *
   * @param what what was being done, to begin the message with
   * @param advice what to find out or do if it timed out
   * @param deadline the deadline it had
   * @param stop why it ended
   * @param missing the ranks that did not come, empty where unknown
   * @return a timeout or an abort
   */
  public static TransferException stopped(
      String what, String advice, Deadline deadline, StoppedException stop, List<Integer> missing) {
    if (stop.reason() == StoppedException.Reason.EXPIRED) {
      String message = what + " timed out after " + text(deadline.timeout());
      return timeout(message + ": " + advice, deadline, missing);
    }
    return new TransferAbortedException(
        what + " was aborted: " + stop.detail(), TransferPhase.RENDEZVOUS, 0, 0, null);
  }

  /**
   * Text that came from the other side, fit for a message: not long, and in one line.
   *
   * @param foreign any text
   * @return its beginning, with dots for what does not print
   */
  public static String excerpt(String foreign) {
    return excerpt(foreign, MAX_EXCERPT);
  }

  /**
   * Text that came from the other side, fit for a message: not longer than so, and in one line.
   *
   * @param foreign any text
   * @param longest how many characters at most
   * @return its beginning, with dots for what does not print
   */
  public static String excerpt(String foreign, int longest) {
    int end = Math.min(foreign.length(), longest);
    StringBuilder text = new StringBuilder(end);
    for (int i = 0; i < end; i++) {
      char c = foreign.charAt(i);
      text.append(Character.isISOControl(c) ? '.' : c);
    }
    return end < foreign.length() ? text.append('…').toString() : text.toString();
  }

  /**
   * A duration as people write it.
   *
   * @param duration zero or more
   * @return such as {@code 30 s}, {@code 1.5 s} or {@code 250 ms}
   */
  public static String text(Duration duration) {
    long millis = duration.toMillis();
    if (millis < 1000) {
      return millis + " ms";
    }
    return millis % 1000 == 0
        ? millis / 1000 + " s"
        : String.format(Locale.ROOT, "%.1f s", millis / 1000.0);
  }
}
