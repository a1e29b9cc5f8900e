package dev.weightcast.api;

/**
 * Where a {@link Deadline} reads the time from: the system's monotonic clock, or a test's own.
 *
 * <p>A wait under a deadline looks at its time source again at least every {@link
 * Deadline#MAX_SLICE}, so a source that jumps ahead is noticed within one slice.
 */
@FunctionalInterface
public interface TimeSource {

  /**
   * The present moment in nanoseconds from an arbitrary origin, like {@link System#nanoTime()}.
   *
   * @return nanoseconds; only differences mean anything
   */
  long nanoTime();

  /**
   * The system's monotonic clock.
   *
   * @return a source that reads {@link System#nanoTime()}
   */
  static TimeSource system() {
    return System::nanoTime;
  }
}
