package dev.weightcast.rendezvous.internal;

import java.util.concurrent.atomic.AtomicLong;

/**
 * A number of bytes that must not be passed; a budget may stand below a larger one.
 *
 * <p>Written by one thread, readable from any.
 */
final class MemoryBudget {

  private final String what;
  private final long limit;
  private final AtomicLong used = new AtomicLong();

  MemoryBudget(String what, long limit) {
    this.what = what;
    this.limit = limit;
  }

  /** Takes bytes out of the budget, or nothing at all. */
  void reserve(long bytes) throws ProtocolException {
    if (used.get() + bytes > limit) {
      throw new ProtocolException(
          what + " would pass " + limit + " bytes (" + used.get() + " in use, " + bytes + " more)");
    }
    used.addAndGet(bytes);
  }

  /** Takes bytes that are there anyhow, also past the limit. */
  void force(long bytes) {
    used.addAndGet(bytes);
  }

  void release(long bytes) {
    used.addAndGet(-bytes);
  }

  long used() {
    return used.get();
  }
}
