package dev.weightcast.rendezvous.internal;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.TransferException;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Requests and answers on one connection to a store, with keys as they are on the wire.
 *
 * <p>One exchange at a time; others wait their turn under their own deadlines. A wait that is ended
 * early is taken back at once and the server's word on that is read by the next exchange, so the
 * session stays usable and nobody waits for it now. An exchange that ends in the middle of anything
 * else makes the session unusable, since nobody could tell its answer from the next one.
 */
public final class StoreSession implements AutoCloseable {

  /** A wait that only its deadline ends. */
  public static final Duration UNTIL_THE_DEADLINE = Duration.ofDays(365);

  private final Endpoint endpoint;
  private final ClientChannel channel;
  private final ReentrantLock turn = new ReentrantLock();
  private boolean takenBack;
  private volatile @Nullable String unusable;
  private volatile boolean closed;

  StoreSession(Endpoint endpoint, ClientChannel channel) {
    this.endpoint = endpoint;
    this.channel = channel;
  }

  /**
   * The answers to two requests.
   *
   * @param string the first
   * @param number the second
   */
  @SuppressWarnings("ArrayRecordComponent") // read once, never compared
  public record StringAndNumber(byte[] string, long number) {}

  private interface Exchange<T> {
    T run() throws IOException, StoppedException;
  }

  /**
   * Where the store is.
   *
   * @return as it was given
   */
  public Endpoint endpoint() {
    return endpoint;
  }

  InetAddress peer() {
    return channel.peer();
  }

  /**
   * Sends a request that is not answered.
   *
   * @param what the request in words, for messages
   * @param request the bytes
   * @param deadline the time it has
   */
  public void send(String what, Frames request, Deadline deadline) {
    exchange(what, deadline, () -> answered(request, deadline, () -> true));
  }

  /**
   * Sends a request that is answered with a string.
   *
   * @param what the request in words, for messages
   * @param request the bytes
   * @param deadline the time it has
   * @return the string's bytes
   */
  public byte[] askString(String what, Frames request, Deadline deadline) {
    return exchange(
        what, deadline, () -> answered(request, deadline, () -> channel.readString(deadline)));
  }

  /**
   * Sends a request that is answered with a number.
   *
   * @param what the request in words, for messages
   * @param request the bytes
   * @param width how many bytes the answer has
   * @param deadline the time it has
   * @return the number
   */
  public long askNumber(String what, Frames request, int width, Deadline deadline) {
    return exchange(
        what,
        deadline,
        () -> answered(request, deadline, () -> channel.readNumber(width, deadline)));
  }

  /**
   * Sends two requests at once, of which the first is answered with a string and the second with a
   * number of eight bytes.
   *
   * @param what the requests in words, for messages
   * @param requests the bytes of both
   * @param deadline the time they have
   * @return both answers
   */
  public StringAndNumber askBoth(String what, Frames requests, Deadline deadline) {
    return exchange(
        what,
        deadline,
        () ->
            answered(
                requests,
                deadline,
                () -> {
                  byte[] string = channel.readString(deadline);
                  return new StringAndNumber(string, channel.readNumber(Long.BYTES, deadline));
                }));
  }

  /**
   * Waits for keys, then asks for their values.
   *
   * @param what the request in words, for messages
   * @param keys the keys
   * @param request what asks for their values
   * @param deadline the time it has
   * @return one value a key
   */
  public List<byte[]> awaitAndAsk(
      String what, List<String> keys, Frames request, Deadline deadline) {
    return exchange(
        what,
        deadline,
        () -> {
          awaitKeys(keys, UNTIL_THE_DEADLINE, deadline);
          return answered(
              request,
              deadline,
              () -> {
                List<byte[]> values = new ArrayList<>();
                for (int i = 0; i < keys.size(); i++) {
                  values.add(channel.readString(deadline));
                }
                return values;
              });
        });
  }

  /**
   * Waits for keys.
   *
   * @param what the request in words, for messages
   * @param keys the keys
   * @param atMost how long at most, or {@link #UNTIL_THE_DEADLINE}
   * @param deadline the time it has
   * @return false if they were not all there after {@code atMost}
   */
  public boolean await(String what, List<String> keys, Duration atMost, Deadline deadline) {
    return exchange(what, deadline, () -> awaitKeys(keys, atMost, deadline));
  }

  private boolean awaitKeys(List<String> keys, Duration atMost, Deadline deadline)
      throws IOException, StoppedException {
    try {
      channel.write(Frames.ofKeys(Operation.WAIT, keys).bytes(), deadline);
    } catch (StoppedException e) {
      spoil("a request was cut off: " + e.detail());
      throw e;
    }
    try {
      if (!channel.awaitReadable(atMost, deadline)) {
        takeBack();
        return false;
      }
      expect(Operation.STOP_WAITING, channel.readByte(deadline));
      return true;
    } catch (StoppedException e) {
      takeBack();
      throw e;
    }
  }

  private void takeBack() {
    takenBack = channel.offer(Operation.CANCEL_WAIT.code());
    if (!takenBack) {
      spoil("an unfinished wait could not be taken back");
    }
  }

  /** Reads up to the answer to CANCEL_WAIT; the answer to the wait itself may come before it. */
  private void settle(Deadline deadline) throws IOException, StoppedException {
    while (takenBack) {
      byte answer = channel.readByte(deadline);
      if (answer == Operation.WAIT_CANCELED) {
        takenBack = false;
      } else {
        expect(Operation.STOP_WAITING, answer);
      }
    }
  }

  private static void expect(byte expected, byte found) throws ProtocolException {
    if (found != expected) {
      throw new ProtocolException(
          "the store answered a wait with " + found + ", the protocol knows " + expected);
    }
  }

  /**
   * Makes waits look at their deadlines less often, for waits that last for hours.
   *
   * @param slice how often; who cancels a deadline calls {@link #wake}
   */
  public void lengthenSlices(Duration slice) {
    channel.lengthenSlices(slice);
  }

  /** Makes whoever waits look at its deadline now. */
  public void wake() {
    channel.wake();
  }

  private <T> T answered(Frames request, Deadline deadline, Exchange<T> answer)
      throws IOException, StoppedException {
    ByteBuffer bytes = request.bytes();
    try {
      channel.write(bytes, deadline);
      return answer.run();
    } catch (StoppedException e) {
      spoil("a request or its answer was cut off: " + e.detail());
      throw e;
    }
  }

  private <T> T exchange(String what, Deadline deadline, Exchange<T> exchange) {
    String whole = what + " at the store at " + endpoint;
    try {
      takeTurn(deadline);
      try {
        String broken = unusable;
        if (broken != null && !closed) {
          throw Failures.failed(
              whole + " is not possible, the connection is unusable: " + broken + "; join anew",
              null);
        }
        checkOpen();
        StoppedException.check(deadline);
        settle(deadline);
        return exchange.run();
      } finally {
        turn.unlock();
      }
    } catch (StoppedException e) {
      throw Failures.stopped(
          whole,
          "nothing came; look at the rank that serves it, or that sets the key",
          deadline,
          e,
          List.of());
    } catch (IOException e) {
      throw lost(whole, e);
    }
  }

  private TransferException lost(String whole, IOException e) {
    String why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    spoil(why);
    return Failures.failed(
        whole + " failed: " + why + "; the rank that serves it ended, or the network between broke",
        e);
  }

  private void takeTurn(Deadline deadline) throws StoppedException {
    while (true) {
      checkOpen();
      StoppedException.check(deadline);
      try {
        if (turn.tryLock(deadline.slice().toNanos(), TimeUnit.NANOSECONDS)) {
          return;
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void checkOpen() throws StoppedException {
    if (closed) {
      throw StoppedException.closed();
    }
  }

  private void spoil(String why) {
    if (unusable == null) {
      unusable = why;
    }
    channel.close();
  }

  /** Closes the connection; a call that waits on another thread ends at once. Idempotent. */
  @Override
  public void close() {
    closed = true;
    channel.close();
  }
}
