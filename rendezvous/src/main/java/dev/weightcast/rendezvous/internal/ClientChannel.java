package dev.weightcast.rendezvous.internal;

import dev.weightcast.api.Deadline;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Arrays;

/**
 * A socket whose every wait is under a deadline.
 *
 * <p>Never blocks but in {@code select}, for one slice of the deadline at a time, so it is woken by
 * the peer, by {@link #close} from another thread, by an interruption, or by the end of the slice.
 * Used by one thread at a time; {@link #close} by any.
 */
final class ClientChannel implements Closeable {

  private static final int READ_BYTES = 8 << 10;

  private final SocketChannel channel;
  private final Selector selector;
  private final SelectionKey key;
  private final InetAddress peer;
  private final ByteBuffer in = ByteBuffer.allocate(READ_BYTES).limit(0);
  private volatile long sliceMillis = Deadline.MAX_SLICE.toMillis();
  private volatile boolean closed;

  private ClientChannel(SocketChannel channel, Selector selector, InetAddress peer)
      throws ClosedChannelException {
    this.channel = channel;
    this.peer = peer;
    this.selector = selector;
    this.key = channel.register(selector, 0);
  }

  /**
   * Connects once.
   *
   * @throws IOException if the peer refused, or did not answer within {@code atMost}
   */
  static ClientChannel connect(InetSocketAddress address, Duration atMost, Deadline deadline)
      throws IOException, StoppedException {
    SocketChannel channel = SocketChannel.open();
    try {
      channel.configureBlocking(false);
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      KeepAlive.enable(channel);
      Selector selector = Selector.open();
      try {
        ClientChannel client = new ClientChannel(channel, selector, address.getAddress());
        if (!channel.connect(address)) {
          client.finishConnect(atMost, deadline);
        }
        return client;
      } catch (IOException | StoppedException | RuntimeException e) {
        selector.close();
        throw e;
      }
    } catch (IOException | StoppedException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private void finishConnect(Duration atMost, Deadline deadline)
      throws IOException, StoppedException {
    long giveUp = System.nanoTime() + atMost.toNanos();
    while (!channel.finishConnect()) {
      if (System.nanoTime() - giveUp >= 0) {
        throw new ConnectTimeoutException("no answer within " + Failures.text(atMost));
      }
      await(SelectionKey.OP_CONNECT, deadline);
    }
  }

  /** Who is at the other end. */
  InetAddress peer() {
    return peer;
  }

  /** Writes everything. */
  void write(ByteBuffer bytes, Deadline deadline) throws IOException, StoppedException {
    try {
      while (bytes.hasRemaining()) {
        if (channel.write(bytes) == 0) {
          await(SelectionKey.OP_WRITE, deadline);
        }
      }
    } catch (ClosedChannelException e) {
      throw closedOr(e);
    }
  }

  /** Writes one byte if that is possible without waiting. */
  boolean offer(byte single) {
    try {
      return channel.write(ByteBuffer.wrap(new byte[] {single})) == 1;
    } catch (IOException e) {
      return false;
    }
  }

  /** Waits until there is something to read, or for so long at most. */
  boolean awaitReadable(Duration atMost, Deadline deadline) throws IOException, StoppedException {
    long giveUp = System.nanoTime() + atMost.toNanos();
    while (!in.hasRemaining()) {
      if (System.nanoTime() - giveUp >= 0) {
        return false;
      }
      awaitInput(deadline);
    }
    return true;
  }

  byte readByte(Deadline deadline) throws IOException, StoppedException {
    while (!in.hasRemaining()) {
      awaitInput(deadline);
    }
    return in.get();
  }

  long readNumber(int width, Deadline deadline) throws IOException, StoppedException {
    byte[] bytes = new byte[width];
    for (int i = 0; i < width; i++) {
      bytes[i] = readByte(deadline);
    }
    return LittleEndian.number(bytes, width);
  }

  /** Reads a u64 length and that many bytes, with memory that grows as they come. */
  byte[] readString(Deadline deadline) throws IOException, StoppedException {
    long length = readNumber(Long.BYTES, deadline);
    if (length < 0 || length > Limits.MAX_VALUE_BYTES) {
      throw new ProtocolException(
          "the store announced a value of "
              + Long.toUnsignedString(length)
              + " bytes, at most "
              + Limits.MAX_VALUE_BYTES
              + " are accepted");
    }
    byte[] bytes = new byte[(int) Math.min(length, READ_BYTES)];
    int filled = 0;
    while (filled < length) {
      while (!in.hasRemaining()) {
        awaitInput(deadline);
      }
      if (filled == bytes.length) {
        bytes = Arrays.copyOf(bytes, (int) Math.min(length, 2L * bytes.length));
      }
      int step = Math.min(in.remaining(), bytes.length - filled);
      in.get(bytes, filled, step);
      filled += step;
    }
    return bytes;
  }

  /** Waits for one slice and reads what came in it, if anything did. */
  private void awaitInput(Deadline deadline) throws IOException, StoppedException {
    if (!await(SelectionKey.OP_READ, deadline)) {
      return;
    }
    in.clear();
    try {
      if (channel.read(in) < 0) {
        throw new EOFException("the store closed the connection");
      }
    } catch (ClosedChannelException e) {
      throw closedOr(e);
    } finally {
      in.flip();
    }
  }

  /**
   * Makes slices longer, for waits that last for hours; whoever cancels a deadline must then {@link
   * #wake} the one who waits.
   */
  void lengthenSlices(Duration slice) {
    sliceMillis = slice.toMillis();
  }

  /** Ends the slice that somebody waits for now, or the next one. */
  void wake() {
    selector.wakeup();
  }

  /** Waits for one slice; true if there is something to do. */
  private boolean await(int interest, Deadline deadline) throws IOException, StoppedException {
    if (closed) {
      throw StoppedException.closed();
    }
    StoppedException.check(deadline);
    try {
      key.interestOps(interest);
      long slice = Math.min(sliceMillis, deadline.remaining().toMillis());
      int ready = selector.select(Math.max(1, slice));
      selector.selectedKeys().clear();
      return ready > 0;
    } catch (ClosedSelectorException | CancelledKeyException e) {
      throw StoppedException.closed();
    }
  }

  private IOException closedOr(ClosedChannelException e) throws StoppedException {
    if (closed) {
      throw StoppedException.closed();
    }
    return e;
  }

  @Override
  public void close() {
    closed = true;
    Closeables.closeQuietly(channel);
    Closeables.closeQuietly(selector);
  }
}
