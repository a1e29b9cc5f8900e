package dev.weightcast.backend.loopback;

import dev.weightcast.api.InvalidInfoException;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;

/**
 * One thing that goes wrong, on one rank, once.
 *
 * @param kind what goes wrong; see the builder's method of the same name
 * @param rank on which rank
 * @param at at which bucket, allocation, copy or call of the loader, counted from 1; 0 is the
 *     warm-up, or stands where nothing is counted
 * @param duration for how long, on the clock of the rank's config; zero where nothing lasts, and
 *     for a {@link Kind#STOP} until somebody resumes it
 * @param bits how many bits a {@link Kind#CORRUPT} flips; otherwise 0
 * @see FaultPlan.Builder
 */
public record Fault(Kind kind, int rank, int at, Duration duration, int bits) {

  /** What can go wrong. */
  public enum Kind {
    /** The rank's part in a bucket comes later. */
    DELAY("delay", Counted.BUCKETS, true),
    /** A bucket never reaches the rank. */
    DROP("drop", Counted.BUCKETS, false),
    /** The rank dies, and the others notice at once. */
    KILL("kill", Counted.BUCKETS, false),
    /** The rank dies, and nobody notices. */
    KILL_SILENTLY("killSilently", Counted.BUCKETS, false),
    /** The rank's streams stand still. */
    STOP("stop", Counted.BUCKETS, true),
    /** Bits of what the rank receives are flipped. */
    CORRUPT("corrupt", Counted.BUCKETS, false),
    /** A bucket is done on the rank only after the one behind it. */
    REORDER("reorder", Counted.BUCKETS, false),
    /** The device refuses an allocation. */
    FAIL_ALLOCATION("failAllocation", Counted.ALLOCATIONS, false),
    /** A copy on the device fails. */
    FAIL_COPY("failCopy", Counted.COPIES, false),
    /** A copy fails, and with it the device for good. */
    BREAK_DEVICE("breakDevice", Counted.COPIES, false),
    /** The rank's loader takes its time. */
    SLOW_LOADER("slowLoader", Counted.LOADS, true),
    /** The rank's loader throws. */
    FAIL_LOADER("failLoader", Counted.LOADS, false),
    /** The rank never finds the others. */
    ABSENT("absent", Counted.NOTHING, false),
    /** The rank joins later than the others. */
    LATE("late", Counted.NOTHING, true),
    /** The rank dies while it joins. */
    KILL_IN_RENDEZVOUS("killInRendezvous", Counted.NOTHING, false);

    private final String method;
    private final Counted counted;
    private final boolean lasting;

    Kind(String method, Counted counted, boolean lasting) {
      this.method = method;
      this.counted = counted;
      this.lasting = lasting;
    }

    Counted counted() {
      return counted;
    }

    boolean isWarmUpAllowed() {
      return this == DELAY || this == DROP || this == KILL || this == KILL_SILENTLY || this == STOP;
    }
  }

  /** What {@link Fault#at} counts. */
  enum Counted {
    NOTHING,
    BUCKETS,
    ALLOCATIONS,
    COPIES,
    LOADS;

    String singular() {
      String plural = name().toLowerCase(Locale.ROOT);
      return plural.substring(0, plural.length() - 1);
    }
  }

  /**
   * Checks that the numbers make sense together.
   *
   * @throws InvalidInfoException if not
   */
  public Fault {
    Objects.requireNonNull(kind, "kind");
    int lowest = kind.counted == Counted.NOTHING || kind.isWarmUpAllowed() ? 0 : 1;
    if (rank < 0 || at < lowest || (kind.counted == Counted.NOTHING && at != 0)) {
      throw new InvalidInfoException(
          kind.method
              + ": rank must be 0 or more and the place "
              + lowest
              + " or more, found "
              + rank
              + " and "
              + at);
    }
    if (duration.isNegative()
        || (kind.lasting && kind != Kind.STOP && duration.isZero())
        || (!kind.lasting && !duration.isZero())) {
      throw new InvalidInfoException(kind.method + ": no fault lasts " + duration);
    }
    if (kind == Kind.CORRUPT ? bits < 1 : bits != 0) {
      throw new InvalidInfoException(kind.method + ": cannot flip " + bits + " bits");
    }
  }

  static Fault of(Kind kind, int rank, int at) {
    return new Fault(kind, rank, at, Duration.ZERO, kind == Kind.CORRUPT ? 1 : 0);
  }

  static Fault lasting(Kind kind, int rank, int at, Duration duration) {
    return new Fault(kind, rank, at, duration, 0);
  }

  /** Whether only a deadline ends the wait that this fault makes, or somebody who resumes. */
  boolean isEndless() {
    return switch (kind) {
      case DROP, KILL_SILENTLY, ABSENT, KILL_IN_RENDEZVOUS -> true;
      case STOP -> duration.isZero();
      default -> false;
    };
  }

  /** The builder's call that makes it, such as {@code kill(2, 3)}. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(kind.method).append('(').append(rank);
    if (kind.counted != Counted.NOTHING) {
      text.append(", ").append(at);
    }
    if (!duration.isZero()) {
      text.append(", Duration.ofNanos(").append(duration.toNanos()).append("L)");
    }
    if (bits > 1) {
      text.append(", ").append(bits);
    }
    return text.append(')').toString();
  }
}
