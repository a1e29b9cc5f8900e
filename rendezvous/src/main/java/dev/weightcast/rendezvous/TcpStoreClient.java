package dev.weightcast.rendezvous;

import dev.weightcast.api.Deadline;
import dev.weightcast.rendezvous.internal.Connector;
import dev.weightcast.rendezvous.internal.Endpoint;
import dev.weightcast.rendezvous.internal.Failures;
import dev.weightcast.rendezvous.internal.Frames;
import dev.weightcast.rendezvous.internal.Operation;
import dev.weightcast.rendezvous.internal.Resolver;
import dev.weightcast.rendezvous.internal.StoreSession;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A store served elsewhere, by {@link TcpStoreServer} or by either backend of torch's TCPStore.
 *
 * <p>One connection, made by {@link #connect}. After a request was cut off in the middle of its
 * answer the connection is unusable and every later call says so; a wait that ran out of time does
 * not count, the client can go on.
 */
public final class TcpStoreClient implements Store {

  private static final String USER_PREFIX = "/";
  private static final int PING_NONCE = 0x5743;

  private final StoreSession session;

  TcpStoreClient(StoreSession session) {
    this.session = session;
  }

  /**
   * Connects to a store, trying again with growing pauses until it is up or the deadline is over.
   *
   * @param host a name or an address, IPv6 with or without brackets; a name is looked up anew with
   *     every attempt
   * @param port from 1 to 65535
   * @param deadline the time it has
   * @return the connected client, the caller's to close
   * @throws dev.weightcast.api.InvalidInfoException if host or port cannot be one
   * @throws dev.weightcast.api.TransferTimeoutException if no store answered in time; says how
   *     often it was tried and why the last attempt failed
   * @throws dev.weightcast.api.TransferException if it was aborted, or what answers is no store
   */
  public static TcpStoreClient connect(String host, int port, Deadline deadline) {
    return connect(host, port, Resolver.system(), deadline);
  }

  static TcpStoreClient connect(String host, int port, Resolver resolver, Deadline deadline) {
    Endpoint endpoint = new Endpoint(host, port);
    return new TcpStoreClient(
        Connector.to(endpoint, resolver, ThreadLocalRandom.current()).connect(deadline));
  }

  /** Another connection to the very store that this one is to. */
  TcpStoreClient another(Deadline deadline) {
    return new TcpStoreClient(
        Connector.again(session, ThreadLocalRandom.current()).connect(deadline));
  }

  @Override
  public void set(String key, byte[] value, Deadline deadline) {
    Frames request = Frames.of(Operation.SET).key(wire(key)).value(value);
    session.send("setting " + quoted(key), request, deadline);
  }

  @Override
  public void setAll(Map<String, byte[]> values, Deadline deadline) {
    Frames request = Frames.of(Operation.MULTI_SET).count(values.size());
    values.forEach((key, value) -> request.key(wire(key)).value(value));
    session.send("setting " + values.size() + " keys", request, deadline);
  }

  @Override
  public byte[] get(String key, Deadline deadline) {
    Frames request = Frames.of(Operation.GET).key(wire(key));
    return session
        .awaitAndAsk("reading " + quoted(key), List.of(wire(key)), request, deadline)
        .get(0);
  }

  @Override
  public List<byte[]> getAll(List<String> keys, Deadline deadline) {
    List<String> wire = wire(keys);
    Frames request = Frames.ofKeys(Operation.MULTI_GET, wire);
    return session.awaitAndAsk("reading " + quoted(keys), wire, request, deadline);
  }

  @Override
  public long add(String key, long amount, Deadline deadline) {
    return addOnWire(wire(key), amount, deadline);
  }

  /** A comparison and an addition in one go, for joining. */
  StoreSession.StringAndNumber compareAndSetThenAdd(
      String key, byte[] expected, byte[] desired, String counter, Deadline deadline) {
    Frames compare = Frames.of(Operation.COMPARE_SET).key(wire(key)).value(expected).value(desired);
    Frames add = Frames.of(Operation.ADD).key(wire(counter)).i64(1);
    return session.askBoth("joining", compare.then(add), deadline);
  }

  /** Adds to a key that has no user prefix, such as the join counter. */
  long addOnWire(String wireKey, long amount, Deadline deadline) {
    Frames request = Frames.of(Operation.ADD).key(wireKey).i64(amount);
    return session.askNumber("adding to '" + wireKey + "'", request, Long.BYTES, deadline);
  }

  @Override
  public byte[] compareAndSet(String key, byte[] expected, byte[] desired, Deadline deadline) {
    Frames request = Frames.of(Operation.COMPARE_SET).key(wire(key)).value(expected).value(desired);
    return session.askString("comparing and setting " + quoted(key), request, deadline);
  }

  @Override
  public void append(String key, byte[] suffix, Deadline deadline) {
    Frames request = Frames.of(Operation.APPEND).key(wire(key)).value(suffix);
    session.send("appending to " + quoted(key), request, deadline);
  }

  @Override
  public boolean check(List<String> keys, Deadline deadline) {
    Frames request = Frames.ofKeys(Operation.CHECK, wire(keys));
    long answer = session.askNumber("checking for " + quoted(keys), request, Byte.BYTES, deadline);
    if (answer != Operation.READY && answer != Operation.NOT_READY) {
      throw Failures.failed("the store answered CHECK with " + answer + ", not with 0 or 1", null);
    }
    return answer == Operation.READY;
  }

  @Override
  public void await(List<String> keys, Deadline deadline) {
    await(keys, StoreSession.UNTIL_THE_DEADLINE, deadline);
  }

  @Override
  public boolean await(List<String> keys, Duration atMost, Deadline deadline) {
    return session.await("waiting for " + quoted(keys), wire(keys), atMost, deadline);
  }

  @Override
  public boolean delete(String key, Deadline deadline) {
    Frames request = Frames.of(Operation.DELETE_KEY).key(wire(key));
    return session.askNumber("deleting " + quoted(key), request, Long.BYTES, deadline) == 1;
  }

  @Override
  public long keyCount(Deadline deadline) {
    Frames request = Frames.of(Operation.GETNUMKEYS);
    return session.askNumber("counting keys", request, Long.BYTES, deadline);
  }

  @Override
  public void ping(Deadline deadline) {
    Frames request = Frames.of(Operation.PING).u32(PING_NONCE);
    long answer = session.askNumber("pinging", request, Integer.BYTES, deadline);
    if (answer != PING_NONCE) {
      throw Failures.failed("the store answered a PING with another number", null);
    }
  }

  /** Makes waits look at their deadlines less often; who cancels one calls {@link #wake}. */
  void lengthenSlices(Duration slice) {
    session.lengthenSlices(slice);
  }

  /** Makes whoever waits look at its deadline now. */
  void wake() {
    session.wake();
  }

  /**
   * Where the store is.
   *
   * @return host and port as they were given
   */
  public String address() {
    return session.endpoint().toString();
  }

  @Override
  public void close() {
    session.close();
  }

  private static String wire(String key) {
    return USER_PREFIX + key;
  }

  private static List<String> wire(List<String> keys) {
    return keys.stream().map(TcpStoreClient::wire).toList();
  }

  private static String quoted(String key) {
    return "'" + key + "'";
  }

  private static String quoted(List<String> keys) {
    return keys.size() == 1 ? quoted(keys.get(0)) : keys.size() + " keys";
  }

  @Override
  public String toString() {
    return "TcpStoreClient[" + address() + "]";
  }
}
