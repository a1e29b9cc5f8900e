package dev.weightcast.rendezvous.internal;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Keys that speak for the connection that set them: a value under {@link #PREFIX} is what the
 * server writes under {@link #FAILED} when that connection ends, unless something is there already
 * or the key was deleted before. So a process that is killed is named without anybody asking.
 *
 * <p>On the wire these are ordinary keys; torch's clients never set one, and on torch's servers
 * they do nothing. One will a connection, the last it set; who sets a key that another connection
 * has set takes it over. Changed by the server's thread alone.
 *
 * @param <P> a connection
 */
public final class LastWills<P> {

  /** What keys of last wills begin with, as on the wire. */
  public static final String PREFIX = "/weightcast/will/";

  /** The key that says that the group has failed, as on the wire. */
  public static final String FAILED = "/weightcast/failed";

  /** The longest will; a longer value is an ordinary one. */
  public static final int MAX_BYTES = 4 << 10;

  private final Map<String, P> owners = new ConcurrentHashMap<>();
  private final Map<P, String> wills = new HashMap<>();

  /** No wills. */
  LastWills() {}

  /** Notes that a connection has set a key. */
  void set(String key, int length, P peer) {
    if (!key.startsWith(PREFIX)) {
      return;
    }
    withdraw(key);
    if (length <= MAX_BYTES) {
      String before = wills.put(peer, key);
      if (before != null) {
        owners.remove(before);
      }
      owners.put(key, peer);
    }
  }

  /** Notes that a key is there no more. */
  void withdraw(String key) {
    P owner = owners.remove(key);
    if (owner != null) {
      wills.remove(owner);
    }
  }

  /** Notes that a connection has ended, and gives the key of its will, if it has one. */
  @Nullable String ended(P peer) {
    String key = wills.remove(peer);
    if (key != null) {
      owners.remove(key);
    }
    return key;
  }

  /** How many connections have a will; any thread may ask. */
  int size() {
    return owners.size();
  }
}
