package dev.weightcast.rendezvous;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.rendezvous.internal.CidrRange;
import dev.weightcast.rendezvous.internal.ServerLimits;
import java.time.Duration;
import java.util.List;

/**
 * What a {@link TcpStoreServer} is bounded by; immutable, changed with the {@code with} methods.
 *
 * <p>Memory is bounded by {@link #maxStoredBytes} plus {@link #maxBufferedBytes}; a request that
 * would pass a bound ends its own connection and no other.
 */
public final class TcpStoreServerOptions {

  private static final long MIB = 1 << 20;

  private final ServerLimits limits;

  private TcpStoreServerOptions(ServerLimits limits) {
    this.limits = limits;
  }

  /**
   * The options that suit a weight-transfer group: 4,096 connections, 256 MiB of keys and values,
   * 64 MiB of unfinished requests and unread answers a connection and 256 MiB for all, 30 seconds
   * for a stalled connection, a day for a silent one, all peers allowed.
   *
   * @return the defaults
   */
  public static TcpStoreServerOptions defaults() {
    return new TcpStoreServerOptions(
        new ServerLimits(
            4096,
            256 * MIB,
            64 * MIB,
            256 * MIB,
            Duration.ofSeconds(30),
            Duration.ofDays(1),
            List.of()));
  }

  /**
   * These options with another number of connections; one more is closed as soon as it is accepted.
   *
   * @param connections at least 1
   * @return the changed options
   */
  public TcpStoreServerOptions withMaxConnections(int connections) {
    positive("maxConnections", connections);
    return new TcpStoreServerOptions(
        new ServerLimits(
            connections,
            limits.maxStoredBytes(),
            limits.maxConnectionBytes(),
            limits.maxBufferedBytes(),
            limits.stallTimeout(),
            limits.idleTimeout(),
            limits.allowedPeers()));
  }

  /**
   * These options with another bound on keys and values together.
   *
   * @param bytes at least 1
   * @return the changed options
   */
  public TcpStoreServerOptions withMaxStoredBytes(long bytes) {
    positive("maxStoredBytes", bytes);
    return new TcpStoreServerOptions(
        new ServerLimits(
            limits.maxConnections(),
            bytes,
            limits.maxConnectionBytes(),
            limits.maxBufferedBytes(),
            limits.stallTimeout(),
            limits.idleTimeout(),
            limits.allowedPeers()));
  }

  /**
   * These options with other bounds on unfinished requests and unread answers.
   *
   * @param perConnection bytes that one connection may hold, at least 1
   * @param all bytes that all connections may hold, at least 1
   * @return the changed options
   */
  public TcpStoreServerOptions withMaxBufferedBytes(long perConnection, long all) {
    positive("maxBufferedBytes", Math.min(perConnection, all));
    return new TcpStoreServerOptions(
        new ServerLimits(
            limits.maxConnections(),
            limits.maxStoredBytes(),
            perConnection,
            all,
            limits.stallTimeout(),
            limits.idleTimeout(),
            limits.allowedPeers()));
  }

  /**
   * These options with other times after which a connection is dropped.
   *
   * @param stalled without the first request, in the middle of a request, or without reading its
   *     answer; at most {@link Deadline#MAX_TIMEOUT}
   * @param idle silent otherwise, also while it waits for a key; at most {@link
   *     Deadline#MAX_TIMEOUT}
   * @return the changed options
   */
  public TcpStoreServerOptions withTimeouts(Duration stalled, Duration idle) {
    Deadline.checkTimeout(stalled);
    Deadline.checkTimeout(idle);
    return new TcpStoreServerOptions(
        new ServerLimits(
            limits.maxConnections(),
            limits.maxStoredBytes(),
            limits.maxConnectionBytes(),
            limits.maxBufferedBytes(),
            stalled,
            idle,
            limits.allowedPeers()));
  }

  /**
   * These options with a list of who may connect; a connection from elsewhere is closed before a
   * byte is read. The host the server runs on may always connect, since rank 0 is its own client.
   *
   * @param ranges addresses such as {@code 10.0.0.5} or ranges such as {@code 10.0.0.0/8} and
   *     {@code fd00::/8}; none means that all may connect
   * @return the changed options
   * @throws InvalidInfoException if a range is not one; names are not looked up
   */
  public TcpStoreServerOptions withAllowedPeers(List<String> ranges) {
    return new TcpStoreServerOptions(
        new ServerLimits(
            limits.maxConnections(),
            limits.maxStoredBytes(),
            limits.maxConnectionBytes(),
            limits.maxBufferedBytes(),
            limits.stallTimeout(),
            limits.idleTimeout(),
            ranges.stream().map(CidrRange::parse).toList()));
  }

  /**
   * How many connections there may be at once.
   *
   * @return at least 1
   */
  public int maxConnections() {
    return limits.maxConnections();
  }

  /**
   * What keys and values may hold together.
   *
   * @return bytes
   */
  public long maxStoredBytes() {
    return limits.maxStoredBytes();
  }

  /**
   * What unfinished requests and unread answers of one connection may hold.
   *
   * @return bytes
   */
  public long maxConnectionBytes() {
    return limits.maxConnectionBytes();
  }

  /**
   * What unfinished requests and unread answers of all connections may hold.
   *
   * @return bytes
   */
  public long maxBufferedBytes() {
    return limits.maxBufferedBytes();
  }

  ServerLimits limits() {
    return limits;
  }

  private static void positive(String name, long value) {
    if (value < 1) {
      throw new InvalidInfoException(name + " must be at least 1, it is " + value);
    }
  }

  @Override
  public String toString() {
    return "TcpStoreServerOptions" + limits.toString().substring("ServerLimits".length());
  }
}
