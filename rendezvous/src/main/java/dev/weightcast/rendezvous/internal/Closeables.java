package dev.weightcast.rendezvous.internal;

import java.io.Closeable;
import java.io.IOException;

/** Closing where there is nobody left to tell that it failed. */
public final class Closeables {

  private Closeables() {}

  /**
   * Closes and forgets what that says.
   *
   * @param closeable what to close
   */
  public static void closeQuietly(Closeable closeable) {
    try {
      closeable.close();
    } catch (IOException ignored) {
      // The descriptor is gone either way, and the caller already ends for a reason of its own.
    }
  }
}
