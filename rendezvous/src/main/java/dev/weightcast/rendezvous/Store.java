package dev.weightcast.rendezvous;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.TransferAbortedException;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * A small table of keys and values that all ranks of a group share.
 *
 * <p>Values are bytes; who reads one gets a fresh array. Keys are text. The limits are those of
 * torch's server: a key of 8 KiB, a value of 8 MiB, 131,072 keys a request; a request past them is
 * an {@link InvalidInfoException} and nothing is sent.
 *
 * <p>Safe for several threads; one request is under way at a time and the others wait their turn
 * under their own deadlines. Every method throws {@link TransferTimeoutException} when its deadline
 * passes, {@link TransferAbortedException} when the deadline is cancelled, the thread is
 * interrupted (its flag is set again) or the store is closed by another thread, and {@link
 * TransferException} when the connection fails.
 */
public interface Store extends AutoCloseable {

  /**
   * Stores a value under a key, in place of what was there.
   *
   * @param key the key
   * @param value its new value; copied
   * @param deadline the time it has
   */
  void set(String key, byte[] value, Deadline deadline);

  /**
   * Stores several values in one request.
   *
   * @param values what to store
   * @param deadline the time it has
   */
  void setAll(Map<String, byte[]> values, Deadline deadline);

  /**
   * Reads a value, and waits for it if it is not there yet.
   *
   * @param key the key
   * @param deadline the time it has
   * @return the value; empty also when the key was deleted just after the wait
   */
  byte[] get(String key, Deadline deadline);

  /**
   * Reads several values, and waits until all of them are there.
   *
   * @param keys the keys
   * @param deadline the time it has
   * @return the values, in the order of the keys
   */
  List<byte[]> getAll(List<String> keys, Deadline deadline);

  /**
   * Adds to a counter, which starts at zero and is kept as decimal text.
   *
   * @param key the counter's key
   * @param amount what to add, also negative
   * @param deadline the time it has
   * @return the new sum
   */
  long add(String key, long amount, Deadline deadline);

  /**
   * Stores a value if the present one is as expected.
   *
   * <p>A missing key counts as the empty value. If the key is missing and something else was
   * expected, nothing is stored and the answer is what was expected: that is how torch's server
   * answers.
   *
   * @param key the key
   * @param expected the value that must be there
   * @param desired the value to store then
   * @param deadline the time it has
   * @return the value after the request
   */
  byte[] compareAndSet(String key, byte[] expected, byte[] desired, Deadline deadline);

  /**
   * Lengthens a value; a missing one becomes the suffix.
   *
   * @param key the key
   * @param suffix what to add at its end
   * @param deadline the time it has
   */
  void append(String key, byte[] suffix, Deadline deadline);

  /**
   * Whether all keys are there now.
   *
   * @param keys the keys
   * @param deadline the time it has
   * @return false if any is missing
   */
  boolean check(List<String> keys, Deadline deadline);

  /**
   * Waits until all keys have been there.
   *
   * @param keys the keys
   * @param deadline the time it has
   */
  void await(List<String> keys, Deadline deadline);

  /**
   * Waits until all keys have been there, or for so long.
   *
   * @param keys the keys
   * @param atMost how long; when it is over that is no failure
   * @param deadline the time it has
   * @return whether they have
   */
  boolean await(List<String> keys, Duration atMost, Deadline deadline);

  /**
   * Deletes a key. Who waits for it goes on waiting.
   *
   * @param key the key
   * @param deadline the time it has
   * @return whether it was there
   */
  boolean delete(String key, Deadline deadline);

  /**
   * How many keys there are, also those that others keep for themselves.
   *
   * @param deadline the time it has
   * @return zero or more
   */
  long keyCount(Deadline deadline);

  /**
   * Asks the server for a sign of life.
   *
   * @param deadline the time it has
   */
  void ping(Deadline deadline);

  /** Ends the connection; a call that waits on another thread is aborted. Idempotent. */
  @Override
  void close();
}
