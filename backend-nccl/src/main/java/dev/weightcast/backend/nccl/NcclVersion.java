package dev.weightcast.backend.nccl;

import java.nio.charset.StandardCharsets;

/**
 * A version of NCCL, from the one number that NCCL gives for it.
 *
 * @param code such as 22809 for 2.28.9
 */
record NcclVersion(int code) implements Comparable<NcclVersion> {

  /** The oldest that will do: the first that broadcasts all types of the wire. */
  static final NcclVersion MINIMUM = new NcclVersion(22400);

  private static final int MAJOR_UNIT = 10_000;
  private static final int MINOR_UNIT = 100;

  /** Whether this version has all that is needed: the same major number, and not too old. */
  boolean isUsable() {
    return code / MAJOR_UNIT == MINIMUM.code / MAJOR_UNIT && compareTo(MINIMUM) >= 0;
  }

  /** What a rank tells others of our kind. */
  byte[] toBytes() {
    return Integer.toString(code).getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public int compareTo(NcclVersion other) {
    return Integer.compare(code, other.code);
  }

  @Override
  public String toString() {
    return code / MAJOR_UNIT + "." + code % MAJOR_UNIT / MINOR_UNIT + "." + code % MINOR_UNIT;
  }
}
