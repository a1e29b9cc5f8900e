package dev.weightcast.rendezvous.internal;

import dev.weightcast.api.Deadline;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;

/**
 * Looks a host up under a deadline.
 *
 * <p>The system's resolver can neither be timed out nor interrupted, so it runs on a daemon thread
 * of its own that is left behind when the time is over; it ends when the resolver gives up.
 */
public final class Resolver {

  private static final String BYTE = "(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])";

  /** What the system's resolver reads by itself, and asks nobody about. */
  private static final Pattern LITERAL =
      Pattern.compile(BYTE + "(\\." + BYTE + "){3}|[0-9a-fA-F]*:.*");

  /** A way to look up, which may take any time. */
  @FunctionalInterface
  public interface Lookup {

    /**
     * All addresses of a host.
     *
     * @param host a name, or an address
     * @return at least one
     * @throws UnknownHostException if there is none
     */
    List<InetAddress> addressesOf(String host) throws UnknownHostException;
  }

  private final Lookup lookup;
  private final boolean mayTakeTime;

  /**
   * A resolver that looks up in a way of its own.
   *
   * @param lookup called on a thread of its own for what is not an address
   */
  public Resolver(Lookup lookup) {
    this(lookup, true);
  }

  private Resolver(Lookup lookup, boolean mayTakeTime) {
    this.lookup = lookup;
    this.mayTakeTime = mayTakeTime;
  }

  /** For whoever has been there: every name is that address. */
  static Resolver known(InetAddress address) {
    return new Resolver(host -> List.of(address), false);
  }

  /**
   * The system's resolver.
   *
   * @return a resolver without state
   */
  public static Resolver system() {
    return new Resolver(host -> List.of(InetAddress.getAllByName(host)));
  }

  /** Whether it is an address, so that the system's resolver asks nobody about it. */
  static boolean isAddress(String host) {
    return LITERAL.matcher(host).matches();
  }

  /**
   * All addresses of a host; a literal asks nobody.
   *
   * @param host a name, or an address, IPv6 without brackets
   * @param deadline the time it has
   * @return at least one
   * @throws UnknownHostException if there is none
   * @throws StoppedException if the deadline ended it
   */
  public List<InetAddress> resolve(String host, Deadline deadline)
      throws UnknownHostException, StoppedException {
    if (!mayTakeTime || isAddress(host)) {
      return lookup.addressesOf(host);
    }
    FutureTask<List<InetAddress>> task = new FutureTask<>(() -> lookup.addressesOf(host));
    Thread thread = new Thread(task, "weightcast-resolve-" + host);
    thread.setDaemon(true);
    thread.start();
    while (true) {
      StoppedException.check(deadline);
      try {
        return task.get(deadline.slice().toNanos(), TimeUnit.NANOSECONDS);
      } catch (TimeoutException e) {
        // One slice is over: look at the deadline and wait on.
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (ExecutionException e) {
        throw unknown(host, e);
      }
    }
  }

  private static UnknownHostException unknown(String host, ExecutionException e) {
    UnknownHostException unknown = new UnknownHostException(host);
    unknown.initCause(e.getCause());
    return unknown;
  }
}
