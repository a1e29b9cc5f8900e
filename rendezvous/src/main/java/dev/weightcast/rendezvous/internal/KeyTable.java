package dev.weightcast.rendezvous.internal;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The store's keys and values, bounded in memory.
 *
 * <p>Changed by the server's thread alone; any thread may read.
 */
final class KeyTable {

  private final Map<String, Value> values = new ConcurrentHashMap<>();
  private final MemoryBudget budget;

  KeyTable(MemoryBudget budget) {
    this.budget = budget;
  }

  void put(String key, Value value) throws ProtocolException {
    Value old = values.get(key);
    long before = old == null ? 0 : cost(key, old);
    long after = cost(key, value);
    if (after > before) {
      budget.reserve(after - before);
    } else {
      budget.release(before - after);
    }
    values.put(key, value);
  }

  @Nullable Value get(String key) {
    return values.get(key);
  }

  long add(String key, long amount) throws ProtocolException {
    Value old = values.get(key);
    long sum = amount + (old == null ? 0 : old.number());
    put(key, Value.ofNumber(sum));
    return sum;
  }

  void append(String key, byte[] more) throws ProtocolException {
    Value old = values.get(key);
    put(key, old == null ? Value.of(more) : old.append(more));
  }

  boolean delete(String key) {
    Value old = values.remove(key);
    if (old == null) {
      return false;
    }
    budget.release(cost(key, old));
    return true;
  }

  boolean contains(String key) {
    return values.containsKey(key);
  }

  boolean containsAll(List<String> keys) {
    return keys.stream().allMatch(values::containsKey);
  }

  /** The number under a key, 0 where there is none. */
  long counter(String key) {
    Value value = values.get(key);
    try {
      return value == null ? 0 : value.number();
    } catch (ProtocolException e) {
      return 0;
    }
  }

  int size() {
    return values.size();
  }

  private static long cost(String key, Value value) {
    return key.length() + value.footprint() + 2L * Limits.OBJECT_OVERHEAD;
  }
}
