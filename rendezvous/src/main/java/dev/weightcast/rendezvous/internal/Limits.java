package dev.weightcast.rendezvous.internal;

/** What one request may hold, the same numbers as torch's own server. */
public final class Limits {

  /** The longest key, in bytes, prefix included. */
  public static final int MAX_KEY_BYTES = 8 << 10;

  /** The longest value, in bytes. */
  public static final int MAX_VALUE_BYTES = 8 << 20;

  /** The most keys in one request. */
  public static final int MAX_KEYS = 128 << 10;

  /** What one more object costs beside its bytes, a round number on the safe side. */
  public static final int OBJECT_OVERHEAD = 64;

  private Limits() {}
}
