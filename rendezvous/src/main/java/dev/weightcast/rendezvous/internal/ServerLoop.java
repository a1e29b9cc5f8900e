package dev.weightcast.rendezvous.internal;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The server's one thread: it accepts, reads, carries out and answers for all clients.
 *
 * <p>It waits only in {@code select}, at most {@link #tickMillis} long, and is woken by a client,
 * by {@link #stop} or by the tick, which drops whoever is overdue. Whatever goes wrong with one
 * connection ends that one. When the thread ends, for whatever reason, everything is closed, so
 * clients notice.
 */
public final class ServerLoop implements Runnable {

  private static final System.Logger LOG = System.getLogger(ServerLoop.class.getName());
  private static final int READ_BYTES = 64 << 10;
  private static final int ACCEPTS_AT_ONCE = 64;
  private static final long MAX_TICK_MILLIS = 1000;
  private static final long MIN_TICK_MILLIS = 10;

  private final ServerSocketChannel acceptor;
  private final Selector selector;
  private final ServerLimits limits;
  private final MemoryBudget stored;
  private final MemoryBudget buffered;
  private final KeyTable table;
  private final StoreCore core;
  private final ByteBuffer shared = ByteBuffer.allocateDirect(READ_BYTES);
  private final Set<ServerConnection> withAnswers = new LinkedHashSet<>();
  private final AtomicInteger connections = new AtomicInteger();
  private final Object changes = new Object();
  private volatile @Nullable Watch watch;
  private boolean refusedBefore;
  private volatile boolean stopping;

  /**
   * A loop over a bound channel, which is closed when the loop ends.
   *
   * @param acceptor bound; made non-blocking here
   * @param limits the bounds
   * @throws IOException if no selector can be opened
   */
  public ServerLoop(ServerSocketChannel acceptor, ServerLimits limits) throws IOException {
    this.acceptor = acceptor;
    this.limits = limits;
    this.stored = new MemoryBudget("what the store holds", limits.maxStoredBytes());
    this.buffered = new MemoryBudget("what all connections hold", limits.maxBufferedBytes());
    this.table = new KeyTable(stored);
    this.core = new StoreCore(table, this::announce);
    this.selector = Selector.open();
    try {
      acceptor.configureBlocking(false);
      acceptor.register(selector, SelectionKey.OP_ACCEPT);
    } catch (IOException | RuntimeException e) {
      selector.close();
      throw e;
    }
  }

  @Override
  public void run() {
    try {
      long tick = tickMillis();
      long sweepAt = System.nanoTime() + tick * 1_000_000;
      while (!stopping) {
        selector.select(tick);
        long now = System.nanoTime();
        for (SelectionKey key : selector.selectedKeys()) {
          handle(key, now);
        }
        selector.selectedKeys().clear();
        deliver(now);
        if (now - sweepAt >= 0) {
          sweep(now);
          deliver(now);
          sweepAt = now + tick * 1_000_000;
        }
      }
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "the store stops serving: its selector failed", e);
    } finally {
      shutDown();
    }
  }

  /** Makes the loop end; it closes everything on its own thread. */
  public void stop() {
    stopping = true;
    selector.wakeup();
  }

  /**
   * Whether it ends or has ended.
   *
   * @return true after {@link #stop}, or after a failure
   */
  public boolean isStopping() {
    return stopping;
  }

  /**
   * Whether a key is there.
   *
   * @param key as on the wire
   * @return true if it is
   */
  public boolean contains(String key) {
    return table.contains(key);
  }

  /**
   * The number under a key.
   *
   * @param key as on the wire
   * @return 0 where there is none
   */
  public long counter(String key) {
    return table.counter(key);
  }

  /**
   * The text under a key.
   *
   * @param key as on the wire
   * @return empty where there is none
   */
  public String text(String key) {
    Value value = table.get(key);
    return value == null ? "" : StandardCharsets.UTF_8.decode(value.bytes()).toString();
  }

  /**
   * How many clients are connected now.
   *
   * @return zero or more
   */
  public int connections() {
    return connections.get();
  }

  /**
   * How many connections have a last will.
   *
   * @return zero or more
   */
  public int wills() {
    return core.wills();
  }

  /**
   * How many bytes keys and values hold now.
   *
   * @return zero or more
   */
  public long storedBytes() {
    return stored.used();
  }

  /**
   * How many bytes requests and answers hold now.
   *
   * @return zero or more
   */
  public long bufferedBytes() {
    return buffered.used();
  }

  /**
   * Waits until a counter has come so far, one of some keys is set, the loop ends, or the time is
   * over.
   *
   * @param counter the counter, as on the wire
   * @param target how far
   * @param keys the keys, as on the wire
   * @param millis how long at most; more than zero
   * @throws InterruptedException if the thread is interrupted
   */
  @SuppressWarnings("WaitNotInLoop") // the caller looks at what it waits for, and loops
  public void await(String counter, long target, List<String> keys, long millis)
      throws InterruptedException {
    synchronized (changes) {
      watch = new Watch(counter, target, keys);
      if (!stopping && !watch.happened(table)) {
        changes.wait(millis);
      }
    }
  }

  /** What a thread in {@link #await} waits for, so that nothing else wakes it. */
  private record Watch(String counter, long target, List<String> keys) {

    boolean happened(KeyTable table) {
      return table.counter(counter) >= target || keys.stream().anyMatch(table::contains);
    }
  }

  private void announce(String key) {
    Watch current = watch;
    if (current != null && current.happened(table)) {
      wakeWatcher();
    }
  }

  private void wakeWatcher() {
    synchronized (changes) {
      changes.notifyAll();
    }
  }

  private void handle(SelectionKey key, long now) {
    if (!key.isValid()) {
      return;
    }
    if (key.isAcceptable()) {
      accept(now);
      return;
    }
    ServerConnection connection = (ServerConnection) key.attachment();
    guard(
        connection,
        () -> {
          if (key.isWritable()) {
            connection.write(now);
          } else if (key.isReadable()) {
            connection.read(shared, now);
          }
        });
  }

  private void accept(long now) {
    try {
      for (int i = 0; i < ACCEPTS_AT_ONCE; i++) {
        SocketChannel channel = acceptor.accept();
        if (channel == null) {
          return;
        }
        welcome(channel, now);
      }
    } catch (IOException e) {
      // Mostly out of descriptors: the backlog keeps, so look again with the next tick.
      LOG.log(System.Logger.Level.WARNING, "the store could not accept a connection", e);
      acceptInterest(0);
    }
  }

  private void welcome(SocketChannel channel, long now) {
    try {
      String refusal = refusal(channel);
      if (refusal != null) {
        // Aloud once, since it may be a mistake; a flood of strangers must not become one of lines.
        System.Logger.Level level =
            refusedBefore ? System.Logger.Level.DEBUG : System.Logger.Level.WARNING;
        refusedBefore = true;
        LOG.log(level, "the store refuses a connection: {0}", refusal);
        channel.close();
        return;
      }
      channel.configureBlocking(false);
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      KeepAlive.enable(channel);
      SelectionKey key = channel.register(selector, SelectionKey.OP_READ);
      Account account = new Account(limits.maxConnectionBytes(), buffered);
      key.attach(new ServerConnection(channel, key, core, account, withAnswers::add, now));
      connections.incrementAndGet();
    } catch (IOException | RuntimeException e) {
      // The client went away between connecting and now.
      Closeables.closeQuietly(channel);
    }
  }

  private @Nullable String refusal(SocketChannel channel) throws IOException {
    if (connections.get() >= limits.maxConnections()) {
      return limits.maxConnections() + " are open already";
    }
    InetAddress peer = ((InetSocketAddress) channel.getRemoteAddress()).getAddress();
    InetAddress self = ((InetSocketAddress) channel.getLocalAddress()).getAddress();
    boolean allowed =
        limits.allowedPeers().isEmpty()
            || peer.equals(self)
            || limits.allowedPeers().stream().anyMatch(range -> range.contains(peer));
    return allowed ? null : peer.getHostAddress() + " is not in " + limits.allowedPeers();
  }

  private void deliver(long now) {
    while (!withAnswers.isEmpty()) {
      List<ServerConnection> batch = new ArrayList<>(withAnswers);
      withAnswers.clear();
      for (ServerConnection connection : batch) {
        guard(connection, () -> connection.write(now));
      }
    }
  }

  private void sweep(long now) {
    acceptInterest(SelectionKey.OP_ACCEPT);
    long stall = limits.stallTimeout().toNanos();
    long idle = limits.idleTimeout().toNanos();
    for (ServerConnection connection : all()) {
      if (connection.overdue(now, stall, idle)) {
        drop(connection, "it kept the store waiting for too long");
      }
    }
  }

  private void acceptInterest(int ops) {
    SelectionKey key = acceptor.keyFor(selector);
    if (key != null && key.isValid()) {
      key.interestOps(ops);
    }
  }

  private List<ServerConnection> all() {
    List<ServerConnection> all = new ArrayList<>();
    for (SelectionKey key : selector.keys()) {
      if (key.isValid() && key.attachment() instanceof ServerConnection connection) {
        all.add(connection);
      }
    }
    return all;
  }

  private interface Step {
    void run() throws IOException;
  }

  private void guard(ServerConnection connection, Step step) {
    try {
      step.run();
    } catch (IOException | RuntimeException e) {
      drop(connection, e.toString());
    }
  }

  private void drop(ServerConnection connection, String why) {
    LOG.log(System.Logger.Level.DEBUG, "the store drops {0}: {1}", connection, why);
    withAnswers.remove(connection);
    if (connection.close()) {
      connections.decrementAndGet();
    }
  }

  private void shutDown() {
    stopping = true;
    all().forEach(connection -> drop(connection, "the store is closed"));
    Closeables.closeQuietly(acceptor);
    Closeables.closeQuietly(selector);
    wakeWatcher();
  }

  private long tickMillis() {
    long shortest = Math.min(limits.stallTimeout().toMillis(), limits.idleTimeout().toMillis()) / 4;
    return Math.max(MIN_TICK_MILLIS, Math.min(MAX_TICK_MILLIS, shortest));
  }
}
