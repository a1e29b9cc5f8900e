package dev.weightcast.rendezvous.internal;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Who waits for which keys; one wait a peer. For the server's thread alone.
 *
 * @param <P> who waits
 */
final class WaitList<P> {

  private final Map<String, Set<P>> byKey = new HashMap<>();
  private final Map<P, Set<String>> missing = new HashMap<>();

  boolean isWaiting(P peer) {
    return missing.containsKey(peer);
  }

  /** Enters a peer that waits for at least one key. */
  void enter(P peer, Set<String> keys) {
    missing.put(peer, new HashSet<>(keys));
    for (String key : keys) {
      byKey.computeIfAbsent(key, k -> new LinkedHashSet<>()).add(peer);
    }
  }

  /** Takes a peer off the list, if it is on it. */
  void leave(P peer) {
    Set<String> keys = missing.remove(peer);
    if (keys == null) {
      return;
    }
    for (String key : keys) {
      Set<P> peers = byKey.get(key);
      if (peers != null && peers.remove(peer) && peers.isEmpty()) {
        byKey.remove(key);
      }
    }
  }

  /** Notes that a key is there: whoever misses nothing any more is taken off and returned. */
  List<P> arrived(String key) {
    Set<P> peers = byKey.remove(key);
    if (peers == null) {
      return List.of();
    }
    List<P> done = new ArrayList<>();
    for (P peer : peers) {
      Set<String> keys = missing.get(peer);
      if (keys != null && keys.remove(key) && keys.isEmpty()) {
        missing.remove(peer);
        done.add(peer);
      }
    }
    return done;
  }

  int size() {
    return missing.size();
  }
}
