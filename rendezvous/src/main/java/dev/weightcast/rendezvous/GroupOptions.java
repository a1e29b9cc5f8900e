package dev.weightcast.rendezvous;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.TimeSource;
import java.time.Duration;

/**
 * What of a {@link StatelessProcessGroup} may differ from the defaults; immutable, changed with the
 * {@code with} methods.
 */
public final class GroupOptions {

  private static final Duration DEFAULT_EXPIRY = Duration.ofHours(1);

  private final TcpStoreServerOptions server;
  private final Duration expiry;
  private final TimeSource time;
  private final boolean failureWatch;

  private GroupOptions(
      TcpStoreServerOptions server, Duration expiry, TimeSource time, boolean failureWatch) {
    this.server = server;
    this.expiry = expiry;
    this.time = time;
    this.failureWatch = failureWatch;
  }

  /**
   * The defaults: those of the server, and values that expire after an hour, as in vLLM.
   *
   * @return the options
   */
  public static GroupOptions defaults() {
    return new GroupOptions(
        TcpStoreServerOptions.defaults(), DEFAULT_EXPIRY, TimeSource.system(), false);
  }

  /**
   * These options with other bounds for the server that rank 0 makes.
   *
   * @param options the bounds
   * @return the changed options
   */
  public GroupOptions withServer(TcpStoreServerOptions options) {
    return new GroupOptions(options, expiry, time, failureWatch);
  }

  /**
   * These options with another time for which a value stays on the store after it was sent.
   *
   * @param duration at most {@link Deadline#MAX_TIMEOUT}; who reads later waits in vain
   * @return the changed options
   */
  public GroupOptions withExpiry(Duration duration) {
    return new GroupOptions(server, Deadline.checkTimeout(duration), time, failureWatch);
  }

  /**
   * These options with another clock to measure the expiry with, for tests.
   *
   * @param clock the clock
   * @return the changed options
   */
  public GroupOptions withTime(TimeSource clock) {
    return new GroupOptions(server, expiry, clock, failureWatch);
  }

  /**
   * These options with a {@link FailureWatch}: a rank of ours that fails, leaves or is killed ends
   * the group for all ranks of ours, which learn why.
   *
   * <p>Then a group is joined once. A rank that finds a store whose group has failed, or is
   * complete already, waits for a fresh one at the same address; and rank 0 waits a little for the
   * port if the group before has not yet let go of it.
   *
   * @return the changed options
   */
  public GroupOptions withFailureWatch() {
    return new GroupOptions(server, expiry, time, true);
  }

  /**
   * The bounds of the server that rank 0 makes.
   *
   * @return the bounds
   */
  public TcpStoreServerOptions server() {
    return server;
  }

  /**
   * For how long a value stays on the store after it was sent.
   *
   * @return longer than zero
   */
  public Duration expiry() {
    return expiry;
  }

  boolean failureWatch() {
    return failureWatch;
  }

  TimeSource time() {
    return time;
  }
}
