package dev.weightcast.rendezvous.internal;

import dev.weightcast.api.Deadline;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Looks a host up under a deadline.
 *
 * <p>The system's resolver can neither be timed out nor interrupted, so it runs on a daemon thread
 * of its own that is left behind when the time is over; it ends when the resolver gives up.
 */
public final class Resolver {

  /** The system's way to look up. */
  interface Lookup {
    List<InetAddress> addressesOf(String host) throws UnknownHostException;
  }

  private final Lookup lookup;

  Resolver(Lookup lookup) {
    this.lookup = lookup;
  }

  /**
   * The system's resolver.
   *
   * @return a resolver without state
   */
  public static Resolver system() {
    return new Resolver(host -> List.of(InetAddress.getAllByName(host)));
  }

  /**
   * All addresses of a host; a literal asks nobody.
   *
   * @param endpoint whose host
   * @param deadline the time it has
   * @return at least one
   * @throws UnknownHostException if there is none
   * @throws StoppedException if the deadline ended it
   */
  public List<InetAddress> resolve(Endpoint endpoint, Deadline deadline)
      throws UnknownHostException, StoppedException {
    if (endpoint.isLiteral()) {
      return lookup.addressesOf(endpoint.host());
    }
    FutureTask<List<InetAddress>> task =
        new FutureTask<>(() -> lookup.addressesOf(endpoint.host()));
    Thread thread = new Thread(task, "weightcast-resolve-" + endpoint.host());
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
        throw unknown(endpoint, e);
      }
    }
  }

  private static UnknownHostException unknown(Endpoint endpoint, ExecutionException e) {
    UnknownHostException unknown = new UnknownHostException(endpoint.host());
    unknown.initCause(e.getCause());
    return unknown;
  }
}
