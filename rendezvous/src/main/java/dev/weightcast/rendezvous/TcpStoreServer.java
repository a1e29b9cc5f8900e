package dev.weightcast.rendezvous;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.rendezvous.internal.Closeables;
import dev.weightcast.rendezvous.internal.Failures;
import dev.weightcast.rendezvous.internal.Resolver;
import dev.weightcast.rendezvous.internal.ServerLoop;
import dev.weightcast.rendezvous.internal.StoppedException;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Serves a store to our clients and to torch's, on one daemon thread.
 *
 * <p>It is listening when it is made, so its {@link #port} can be published before anyone joins.
 * One server serves one group; when it is closed its keys are gone and its clients' calls fail. The
 * wire knows no authentication: bind it to an address of a trusted network.
 *
 * <p>Safe for any thread.
 */
public final class TcpStoreServer implements AutoCloseable {

  private static final int BACKLOG = 1024;
  private static final Duration JOIN_AT_CLOSE = Duration.ofSeconds(5);

  private final InetSocketAddress address;
  private final ServerLoop loop;
  private final Thread thread;

  private TcpStoreServer(InetSocketAddress address, ServerLoop loop) {
    this.address = address;
    this.loop = loop;
    this.thread = new Thread(loop, "weightcast-store-" + address.getPort());
    thread.setDaemon(true);
    thread.start();
  }

  /**
   * Binds to one address and serves; a name has {@link Deadline#DEFAULT_TIMEOUT} to be looked up.
   *
   * @param host the address to listen on, and no other, or its name
   * @param port the port, or 0 for any free one
   * @param options the bounds
   * @return the listening server, the caller's to close
   * @throws InvalidInfoException if the port is not one, or the host has no such address
   * @throws dev.weightcast.api.TransferException if the address cannot be bound, mostly because the
   *     port is taken
   */
  public static TcpStoreServer bind(String host, int port, TcpStoreServerOptions options) {
    return bind(host, port, options, Deadline.after(Deadline.DEFAULT_TIMEOUT));
  }

  /**
   * Binds to one address and serves.
   *
   * @param host the address to listen on, and no other, or its name
   * @param port the port, or 0 for any free one
   * @param options the bounds
   * @param deadline the time that looking the name up has; an address needs none
   * @return the listening server, the caller's to close
   * @throws InvalidInfoException if the port is not one, or the host has no such address
   * @throws dev.weightcast.api.TransferTimeoutException if no resolver answered in time
   * @throws dev.weightcast.api.TransferException if the address cannot be bound, mostly because the
   *     port is taken
   */
  public static TcpStoreServer bind(
      String host, int port, TcpStoreServerOptions options, Deadline deadline) {
    return bind(host, port, options, Resolver.system(), deadline);
  }

  static TcpStoreServer bind(
      String host, int port, TcpStoreServerOptions options, Resolver resolver, Deadline deadline) {
    if (port < 0 || port > 65_535) {
      throw new InvalidInfoException(
          "master_port " + port + " is not a port to listen on; ports are 1 to 65535, 0 for any");
    }
    return bind(addressOf(host, resolver, deadline), port, options);
  }

  static TcpStoreServer bind(InetAddress target, int port, TcpStoreServerOptions options) {
    try {
      ProtocolFamily family =
          target instanceof Inet4Address
              ? StandardProtocolFamily.INET
              : StandardProtocolFamily.INET6;
      ServerSocketChannel channel = ServerSocketChannel.open(family);
      try {
        channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        channel.bind(new InetSocketAddress(target, port), BACKLOG);
        return serve(channel, options);
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw Failures.failed(
          "the store cannot listen on "
              + target.getHostAddress()
              + " port "
              + port
              + ": "
              + e.getMessage()
              + "; choose another port, or 0 for any free one and publish what port() says",
          e);
    }
  }

  /**
   * Serves on a channel that is bound already: bind first, publish the port, then serve.
   *
   * <p>Clients that connect in between are kept waiting by the system and served from now on.
   *
   * @param bound a bound channel; made non-blocking, and closed with the server
   * @param options the bounds
   * @return the listening server, the caller's to close
   * @throws InvalidInfoException if the channel is not bound or not open
   */
  public static TcpStoreServer serve(ServerSocketChannel bound, TcpStoreServerOptions options) {
    try {
      if (!bound.isOpen() || !(bound.getLocalAddress() instanceof InetSocketAddress address)) {
        throw new InvalidInfoException(
            "the channel given is not bound to a port; bind it before it is served");
      }
      return new TcpStoreServer(address, new ServerLoop(bound, options.limits()));
    } catch (IOException e) {
      Closeables.closeQuietly(bound);
      throw Failures.failed("the store cannot serve on " + bound + ": " + e.getMessage(), e);
    }
  }

  /**
   * The address it listens on.
   *
   * @return with the port that was chosen
   */
  public InetSocketAddress address() {
    return address;
  }

  /**
   * The port it listens on.
   *
   * @return the chosen one where 0 was asked for
   */
  public int port() {
    return address.getPort();
  }

  /**
   * How many clients are connected now.
   *
   * @return zero or more
   */
  public int connections() {
    return loop.connections();
  }

  /**
   * How many ranks have counted themselves, as torch's clients and ours do when they join.
   *
   * @return the join counter {@code init/}; zero before anybody came
   */
  public long joined() {
    return loop.counter(Joining.JOIN_COUNTER);
  }

  /**
   * How many bytes keys and values hold now.
   *
   * @return at most what the options allow
   */
  public long storedBytes() {
    return loop.storedBytes();
  }

  /**
   * How many bytes unfinished requests and unread answers hold now.
   *
   * @return in essence at most what the options allow
   */
  public long bufferedBytes() {
    return loop.bufferedBytes();
  }

  /**
   * Whether it serves no more.
   *
   * @return true once {@link #close} was called, or its thread failed
   */
  public boolean isClosed() {
    return loop.isStopping();
  }

  /** What a client on this host connects to. */
  String reachableHost() {
    InetAddress bound = address.getAddress();
    if (!bound.isAnyLocalAddress()) {
      return bound.getHostAddress();
    }
    return bound instanceof Inet4Address ? "127.0.0.1" : "::1";
  }

  ServerLoop loop() {
    return loop;
  }

  /**
   * Stops listening and ends all connections; the port is free when this returns. Idempotent.
   *
   * <p>Waits for its thread, which needs nobody to end, for five seconds at most. An interruption
   * does not shorten that, since whoever cleans up after one needs the port free too; it stays set.
   */
  @Override
  public void close() {
    loop.stop();
    long giveUp = System.nanoTime() + JOIN_AT_CLOSE.toNanos();
    boolean interrupted = false;
    for (long rest = JOIN_AT_CLOSE.toNanos(); rest > 0 && thread.isAlive(); ) {
      try {
        TimeUnit.NANOSECONDS.timedJoin(thread, rest);
      } catch (InterruptedException e) {
        interrupted = true;
      }
      rest = giveUp - System.nanoTime();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** The address of a host that this one can listen on. */
  static InetAddress addressOf(String host, Resolver resolver, Deadline deadline) {
    String bare =
        host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
    if (bare.isBlank()) {
      throw new InvalidInfoException(
          "master_address is empty; give the one address the store listens on");
    }
    try {
      return resolver.resolve(bare, deadline).get(0);
    } catch (UnknownHostException e) {
      throw new InvalidInfoException(
          "master_address '"
              + host
              + "' cannot be resolved on this host, so nothing can listen on it",
          e);
    } catch (StoppedException e) {
      throw Failures.stopped(
          "looking up master_address '" + host + "' to listen on it",
          "no resolver answered; give an address instead of a name, or see to this host's name"
              + " service",
          deadline,
          e,
          List.of());
    }
  }

  @Override
  public String toString() {
    return "TcpStoreServer[" + address + (isClosed() ? ", closed]" : "]");
  }
}
