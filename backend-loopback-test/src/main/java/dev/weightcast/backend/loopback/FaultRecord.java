package dev.weightcast.backend.loopback;

/**
 * What became of one fault of a plan.
 *
 * @param fault as it was planned
 * @param injected whether it has happened
 * @param text what exactly happened, or why it has not
 */
public record FaultRecord(Fault fault, boolean injected, String text) {

  /** As in {@code kill(2, 3): rank 2 was killed at bucket 3}. */
  @Override
  public String toString() {
    return fault + (injected ? ": " : " was not injected: ") + text;
  }
}
