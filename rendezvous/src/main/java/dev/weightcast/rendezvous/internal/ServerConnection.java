package dev.weightcast.rendezvous.internal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * One client of the server: its unfinished request and the answers it has not read yet.
 *
 * <p>Nothing more is read from a client until it has taken its answers, so a client that does not
 * read holds one answer and the rest of one read, whatever it sends. For the server's thread alone.
 */
final class ServerConnection implements StoreCore.Peer {

  /** Where the loop hears of it when answers come from another connection's request. */
  interface Wakeups {
    void hasAnswers(ServerConnection connection);
  }

  private static final int GATHER = 64;

  private final SocketChannel channel;
  private final SelectionKey key;
  private final StoreCore core;
  private final Wakeups wakeups;
  private final Account account;
  private final RequestDecoder decoder;
  private final Deque<ByteBuffer> answers = new ArrayDeque<>();
  private long answerBytes;
  private long waitBytes;
  private @Nullable ByteBuffer leftover;
  private long lastProgress;
  private boolean closed;

  ServerConnection(
      SocketChannel channel,
      SelectionKey key,
      StoreCore core,
      Account account,
      Wakeups wakeups,
      long now) {
    this.channel = channel;
    this.key = key;
    this.core = core;
    this.account = account;
    this.wakeups = wakeups;
    this.decoder = new RequestDecoder(account);
    this.lastProgress = now;
  }

  /** Reads what has come, through a buffer that is the caller's again afterwards. */
  void read(ByteBuffer shared, long now) throws IOException {
    shared.clear();
    int count = channel.read(shared);
    if (count < 0) {
      throw new ClientGoneException();
    }
    if (count > 0) {
      lastProgress = now;
      consume(shared.flip());
    }
    updateInterest();
  }

  /** Writes answers as far as the client takes them, then goes on with what it had sent. */
  void write(long now) throws IOException {
    settleWait();
    if (flush(now) && leftover != null) {
      ByteBuffer rest = leftover;
      leftover = null;
      account.release(rest.capacity());
      consume(rest);
    }
    updateInterest();
  }

  private void consume(ByteBuffer in) throws IOException {
    while (flush(lastProgress)) {
      Request request = decoder.next(in);
      if (request == null) {
        return;
      }
      long held = decoder.handOver();
      core.execute(request, this);
      if (request.operation() == Operation.WAIT && core.isWaiting(this)) {
        waitBytes = held;
      } else {
        account.release(held);
      }
      settleWait();
    }
    if (in.hasRemaining()) {
      account.force(in.remaining());
      leftover = ByteBuffer.allocate(in.remaining()).put(in).flip();
    }
  }

  private void settleWait() {
    if (waitBytes > 0 && !core.isWaiting(this)) {
      account.release(waitBytes);
      waitBytes = 0;
    }
  }

  private boolean flush(long now) throws IOException {
    while (!answers.isEmpty()) {
      if (writeSome() == 0) {
        return false;
      }
      lastProgress = now;
      while (!answers.isEmpty() && !answers.peek().hasRemaining()) {
        answers.remove();
      }
    }
    account.release(answerBytes);
    answerBytes = 0;
    return true;
  }

  private long writeSome() throws IOException {
    if (answers.size() == 1) {
      return channel.write(answers.element());
    }
    return channel.write(answers.stream().limit(GATHER).toArray(ByteBuffer[]::new));
  }

  private void updateInterest() {
    key.interestOps(answers.isEmpty() ? SelectionKey.OP_READ : SelectionKey.OP_WRITE);
  }

  @Override
  public void reserveAnswer(long bytes) throws ProtocolException {
    account.reserve(bytes);
    answerBytes += bytes;
  }

  @Override
  public void answer(ByteBuffer part) {
    answers.add(part);
    wakeups.hasAnswers(this);
  }

  /** Whether it has kept the server waiting for longer than it may. */
  boolean overdue(long now, long stallNanos, long idleNanos) {
    boolean stalled = !decoder.validated() || decoder.inProgress() || !answers.isEmpty();
    return now - lastProgress > (stalled ? stallNanos : idleNanos);
  }

  /**
   * Ends it and gives back everything it held.
   *
   * @return false if it had ended already
   */
  boolean close() {
    if (closed) {
      return false;
    }
    closed = true;
    core.forget(this);
    answers.clear();
    answerBytes = 0;
    waitBytes = 0;
    leftover = null;
    account.clear();
    key.cancel();
    Closeables.closeQuietly(channel);
    return true;
  }

  @Override
  public String toString() {
    try {
      return String.valueOf(channel.getRemoteAddress());
    } catch (IOException e) {
      return "a closed connection";
    }
  }

  /** The client closed its side, which is the ordinary end. */
  static final class ClientGoneException extends IOException {
    private static final long serialVersionUID = 1L;

    ClientGoneException() {
      super("the client closed the connection");
    }
  }
}
