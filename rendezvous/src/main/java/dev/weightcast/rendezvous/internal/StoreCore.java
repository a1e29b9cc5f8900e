package dev.weightcast.rendezvous.internal;

import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What each request does to the store and what is answered, without any socket. For the server's
 * thread alone, but for the questions of {@link KeyTable} that any thread may ask.
 *
 * <p>Answers are those of torch's servers. Where its two differ, the one that does not end the
 * connection was taken: a read of a missing key answers the empty value. Waiters are woken by every
 * request that makes a key exist, and only by those.
 */
final class StoreCore {

  /** The other side of one connection. */
  interface Peer {

    /** Hands over parts of an answer, in order; never blocks and never fails. */
    void answer(ByteBuffer part);

    /** Makes room for an answer of so many bytes, before any of it is handed over. */
    void reserveAnswer(long bytes) throws ProtocolException;
  }

  /** Told about keys that were set, on the server's thread. */
  interface KeyListener {
    void keyChanged(String key);
  }

  private static final int COPY_UP_TO = 1024;
  private static final ByteBuffer EMPTY = ByteBuffer.allocate(0).asReadOnlyBuffer();

  private final KeyTable table;
  private final KeyListener listener;
  private final WaitList<Peer> waits = new WaitList<>();
  private final LastWills<Peer> wills = new LastWills<>();

  StoreCore(KeyTable table, KeyListener listener) {
    this.table = table;
    this.listener = listener;
  }

  boolean isWaiting(Peer peer) {
    return waits.isWaiting(peer);
  }

  /** How many connections have a last will; any thread may ask. */
  int wills() {
    return wills.size();
  }

  /** Forgets a peer whose connection ended, and carries out its last will. */
  void forget(Peer peer) {
    waits.leave(peer);
    String key = wills.ended(peer);
    Value will = key == null ? null : table.get(key);
    if (key == null || will == null) {
      return;
    }
    boolean first = !table.contains(LastWills.FAILED);
    table.delete(key);
    if (first) {
      try {
        put(LastWills.FAILED, will);
      } catch (ProtocolException e) {
        throw new AssertionError("it takes no more room than the will did", e);
      }
    }
  }

  /**
   * Carries out one request.
   *
   * @throws ProtocolException if it cannot be; the peer's connection is then to be closed
   */
  void execute(Request request, Peer peer) throws ProtocolException {
    switch (request.operation()) {
      case VALIDATE -> {}
      case SET -> {
        byte[] value = request.values().get(0);
        put(request.key(), Value.of(value));
        wills.set(request.key(), value.length, peer);
      }
      case COMPARE_SET -> string(peer, compareAndSet(request));
      case GET -> string(peer, bytesOf(request.key()));
      case ADD -> {
        number(peer, table.add(request.key(), request.number()), Long.BYTES);
        wake(request.key());
      }
      case CHECK -> {
        boolean ready = table.containsAll(request.keys());
        one(peer, ready ? Operation.READY : Operation.NOT_READY);
      }
      case WAIT -> await(request.keys(), peer);
      case GETNUMKEYS -> number(peer, table.size(), Long.BYTES);
      case DELETE_KEY -> {
        wills.withdraw(request.key());
        number(peer, table.delete(request.key()) ? 1 : 0, Long.BYTES);
      }
      case APPEND -> {
        table.append(request.key(), request.values().get(0));
        wake(request.key());
      }
      case MULTI_GET -> getAll(request.keys(), peer);
      case MULTI_SET -> {
        for (int i = 0; i < request.keys().size(); i++) {
          put(request.keys().get(i), Value.of(request.values().get(i)));
        }
      }
      case CANCEL_WAIT -> {
        waits.leave(peer);
        one(peer, Operation.WAIT_CANCELED);
      }
      case PING -> number(peer, request.number(), Integer.BYTES);
    }
  }

  private void put(String key, Value value) throws ProtocolException {
    table.put(key, value);
    wake(key);
  }

  private ByteBuffer compareAndSet(Request request) throws ProtocolException {
    byte[] expected = request.values().get(0);
    byte[] desired = request.values().get(1);
    Value current = table.get(request.key());
    boolean same = current == null ? expected.length == 0 : current.holds(expected);
    if (same) {
      put(request.key(), Value.of(desired));
      return ByteBuffer.wrap(desired);
    }
    return current == null ? ByteBuffer.wrap(expected) : current.bytes();
  }

  private void await(List<String> keys, Peer peer) throws ProtocolException {
    if (waits.isWaiting(peer)) {
      throw new ProtocolException("WAIT came while an earlier WAIT is not answered yet");
    }
    Set<String> missing = new HashSet<>();
    for (String key : keys) {
      if (!table.contains(key)) {
        missing.add(key);
      }
    }
    if (missing.isEmpty()) {
      one(peer, Operation.STOP_WAITING);
    } else {
      waits.enter(peer, missing);
    }
  }

  private void getAll(List<String> keys, Peer peer) throws ProtocolException {
    long total = 0;
    for (String key : keys) {
      Value value = table.get(key);
      total += Long.BYTES + (value == null ? 0 : value.length()) + 2L * Limits.OBJECT_OVERHEAD;
    }
    peer.reserveAnswer(total);
    for (String key : keys) {
      append(peer, bytesOf(key));
    }
  }

  private ByteBuffer bytesOf(String key) {
    @Nullable Value value = table.get(key);
    return value == null ? EMPTY : value.bytes();
  }

  private void wake(String key) {
    for (Peer peer : waits.arrived(key)) {
      peer.answer(ByteBuffer.wrap(new byte[] {Operation.STOP_WAITING}));
    }
    listener.keyChanged(key);
  }

  private static void one(Peer peer, byte answer) throws ProtocolException {
    number(peer, answer, Byte.BYTES);
  }

  private static void number(Peer peer, long number, int width) throws ProtocolException {
    peer.reserveAnswer(width);
    peer.answer(ByteBuffer.wrap(LittleEndian.bytes(number, width)));
  }

  private static void string(Peer peer, ByteBuffer bytes) throws ProtocolException {
    peer.reserveAnswer(Long.BYTES + (long) bytes.remaining());
    append(peer, bytes);
  }

  private static void append(Peer peer, ByteBuffer bytes) {
    byte[] length = LittleEndian.bytes(bytes.remaining(), Long.BYTES);
    if (bytes.remaining() <= COPY_UP_TO) {
      // One small write is cheaper than gathering two parts.
      ByteBuffer both = ByteBuffer.allocate(length.length + bytes.remaining());
      peer.answer(both.put(length).put(bytes.duplicate()).flip());
    } else {
      peer.answer(ByteBuffer.wrap(length));
      peer.answer(bytes.duplicate());
    }
  }
}
