package dev.weightcast.spi;

import java.util.List;

/**
 * Whether a backend can run here, and why not.
 *
 * @param reasons every reason why it cannot, in the order they were found; empty if it can
 */
public record Availability(List<Reason> reasons) {

  private static final Availability AVAILABLE = new Availability(List.of());

  /** Copies the list. */
  public Availability {
    reasons = List.copyOf(reasons);
  }

  /**
   * The backend can run.
   *
   * @return no reasons
   */
  public static Availability available() {
    return AVAILABLE;
  }

  /**
   * The backend cannot run.
   *
   * @param reasons why; at least one
   * @return the reasons
   * @throws IllegalArgumentException if there is none
   */
  public static Availability unavailable(List<Reason> reasons) {
    if (reasons.isEmpty()) {
      throw new IllegalArgumentException("a backend that cannot run must say why");
    }
    return new Availability(reasons);
  }

  /**
   * Whether the backend can run.
   *
   * @return true if there is no reason why not
   */
  public boolean isAvailable() {
    return reasons.isEmpty();
  }

  /**
   * One reason why a backend cannot run.
   *
   * @param text what was tried and the deepest native text, verbatim
   * @param hint what to do about it, or an empty string if nobody knows
   */
  public record Reason(String text, String hint) {

    /**
     * A reason with the hint that its text suggests, see {@link NativeHints}.
     *
     * @param text what was tried and the deepest native text, verbatim
     * @return the reason
     */
    public static Reason of(String text) {
      return new Reason(text, NativeHints.forText(text).orElse(""));
    }

    /**
     * A reason from what was thrown: {@code attempt: deepest message}.
     *
     * @param attempt what was tried, such as {@code loading NCCL}
     * @param thrown what came of it
     * @return the reason, with its hint
     */
    public static Reason of(String attempt, Throwable thrown) {
      return of(attempt + ": " + NativeHints.deepestText(thrown));
    }
  }
}
