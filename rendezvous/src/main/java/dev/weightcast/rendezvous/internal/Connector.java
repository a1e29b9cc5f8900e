package dev.weightcast.rendezvous.internal;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.TransferException;
import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Connects to a store, again and again until the deadline, and introduces itself.
 *
 * <p>An attempt that is refused, gets no answer, or is closed before the store has answered the
 * first PING is repeated after a pause: the store may not be up yet. A wrong answer is not: that is
 * no store, and waiting does not make it one. For one use by one thread.
 */
public final class Connector {

  // A lost first packet is sent again by the system after 1, 3 and 7 seconds; then start afresh, in
  // case the address has moved meanwhile.
  private static final Duration ONE_ATTEMPT = Duration.ofSeconds(5);

  private final Endpoint endpoint;
  private final Resolver resolver;
  private final Backoff backoff;
  private final int nonce;
  private int attempts;
  private String lastReason = "no attempt was made";

  Connector(Endpoint endpoint, Resolver resolver, Backoff backoff, int nonce) {
    this.endpoint = endpoint;
    this.resolver = resolver;
    this.backoff = backoff;
    this.nonce = nonce;
  }

  /**
   * A connector for one use.
   *
   * @param endpoint where the store is
   * @param resolver looks its host up
   * @param random spreads the pauses between attempts
   * @return a connector for one use
   */
  public static Connector to(Endpoint endpoint, Resolver resolver, RandomGenerator random) {
    // The process id, as torch's client sends it: a number to find this client by in a capture.
    int nonce = (int) ProcessHandle.current().pid();
    return new Connector(endpoint, resolver, new Backoff(random), nonce);
  }

  /**
   * A connector to where a session is already, without looking its host up once more.
   *
   * @param session connected
   * @param random spreads the pauses between attempts
   * @return a connector for one use
   */
  public static Connector again(StoreSession session, RandomGenerator random) {
    return to(session.endpoint(), Resolver.known(session.peer()), random);
  }

  /**
   * Connects.
   *
   * @param deadline the time it has
   * @return a session, ready for requests
   * @throws TransferException if the deadline ended it, or what answers is not a store
   */
  public StoreSession connect(Deadline deadline) {
    try {
      while (true) {
        ClientChannel channel = attempt(deadline);
        if (channel != null) {
          return new StoreSession(endpoint, channel);
        }
        Pause.pause(backoff.next(), deadline);
      }
    } catch (StoppedException e) {
      throw Failures.stopped(
          "connecting to the store at " + endpoint,
          lastReason
              + ", "
              + attempts
              + (attempts == 1 ? " attempt" : " attempts")
              + " in "
              + Failures.text(deadline.elapsed())
              + "; check that rank 0 is up, serves on that address, and that the port is open",
          deadline,
          e,
          List.of());
    }
  }

  private @Nullable ClientChannel attempt(Deadline deadline) throws StoppedException {
    StoppedException.check(deadline);
    String at = endpoint.toString();
    try {
      attempts++;
      lastReason = "the host name " + endpoint.host() + " is still being looked up";
      List<InetAddress> addresses = resolver.resolve(endpoint.host(), deadline);
      InetAddress address = addresses.get((attempts - 1) % addresses.size());
      at = Endpoint.at(address.getHostAddress(), endpoint.port());
      lastReason = "no answer from " + at;
      InetSocketAddress target = new InetSocketAddress(address, endpoint.port());
      ClientChannel channel = ClientChannel.connect(target, ONE_ATTEMPT, deadline);
      try {
        lastReason = "connected to " + at + ", but the store has not answered";
        introduce(channel, at, deadline);
        return channel;
      } catch (IOException | StoppedException | RuntimeException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      lastReason = reason(e, at);
      return null;
    }
  }

  private void introduce(ClientChannel channel, String at, Deadline deadline)
      throws IOException, StoppedException {
    // Alone in its segment: torch's libuv server takes nothing else.
    channel.write(Frames.of(Operation.VALIDATE).u32(Operation.MAGIC).bytes(), deadline);
    channel.write(Frames.of(Operation.PING).u32(nonce).bytes(), deadline);
    int answer = (int) channel.readNumber(Integer.BYTES, deadline);
    if (answer != nonce) {
      throw Failures.failed(
          String.format(
              "what listens at %s is not a torch store: it answered PING %08x with %08x; check"
                  + " master_address and master_port",
              at, nonce, answer),
          null);
    }
  }

  private String reason(IOException e, String at) {
    if (e instanceof UnknownHostException) {
      return "the host name " + endpoint.host() + " cannot be resolved";
    }
    if (e instanceof ConnectException) {
      return String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT) + " at " + at;
    }
    if (e instanceof EOFException) {
      return "closed by "
          + at
          + " before it answered (not a store, too many connections, or this host is not on its"
          + " list of allowed peers)";
    }
    return e.getMessage() + " at " + at;
  }
}
