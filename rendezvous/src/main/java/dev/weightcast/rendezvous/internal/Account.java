package dev.weightcast.rendezvous.internal;

/** What one connection holds of the server's memory, bounded for itself and with all others. */
final class Account {

  private final MemoryBudget own;
  private final MemoryBudget all;

  Account(long limit, MemoryBudget all) {
    this.own = new MemoryBudget("what this connection holds", limit);
    this.all = all;
  }

  void reserve(long bytes) throws ProtocolException {
    own.reserve(bytes);
    try {
      all.reserve(bytes);
    } catch (ProtocolException e) {
      own.release(bytes);
      throw e;
    }
  }

  /** For the few bytes that a connection gets without having asked for them just now. */
  void force(long bytes) {
    own.force(bytes);
    all.force(bytes);
  }

  void release(long bytes) {
    own.release(bytes);
    all.release(bytes);
  }

  /** Gives everything back, when the connection ends. */
  void clear() {
    release(own.used());
  }
}
