package dev.weightcast.backend.loopback;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.backend.loopback.Fault.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;

/**
 * What shall go wrong in a group of the backend {@code loopback}; immutable.
 *
 * <pre>{@code
 * FaultPlan plan = FaultPlan.builder().kill(2, 3).build(); // rank 2 dies at the third bucket
 * try (FaultInjection faults = plan.injectAt(initInfo)) {
 *   … // the ranks join with that info, and transfer
 *   System.out.println(faults.log());
 * }
 * }</pre>
 *
 * <p>Ranks are those of the group; rank 0 is the trainer unless a config says otherwise. Buckets
 * are counted from 1 as they move, from the moment the group was formed and over all its updates;
 * one without bytes does not move and is not counted. Bucket 0 is the warm-up. Each fault happens
 * once.
 */
public final class FaultPlan {

  /** Drawn from neighbouring seeds, the first numbers of a {@link Random} hardly differ. */
  static final long SPREAD = 0x9E3779B97F4A7C15L;

  private static final List<Kind> ALL_KINDS = List.of(Kind.values());

  private final List<Fault> faults;
  private final long seed;
  private final String origin;

  private FaultPlan(List<Fault> faults, long seed, String origin) {
    this.faults = List.copyOf(faults);
    this.seed = seed;
    this.origin = origin;
  }

  /**
   * Starts with nothing going wrong.
   *
   * @return a builder for one thread
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * One to three faults of any kind, anywhere in a transfer. The same arguments give the same plan.
   *
   * @param seed where the plan comes from; {@link #toString} prints it
   * @param worldSize how many ranks the group has, at least 2
   * @param buckets how many buckets are sent, at least 1
   * @return the plan
   * @throws InvalidInfoException if the sizes are too small
   */
  public static FaultPlan random(long seed, int worldSize, int buckets) {
    if (worldSize < 2 || buckets < 1) {
      throw new InvalidInfoException(
          "a random plan needs 2 ranks and 1 bucket, found " + worldSize + " and " + buckets);
    }
    Random random = new Random(seed * SPREAD);
    Builder builder = new Builder().seed(seed);
    for (int left = 1 + random.nextInt(3); left > 0; left--) {
      builder.add(random(random, worldSize, buckets));
    }
    String origin = "FaultPlan.random(" + seed + "L, " + worldSize + ", " + buckets + ")";
    return new FaultPlan(builder.faults, seed, origin + " /* " + builder.calls() + " */");
  }

  private static Fault random(Random random, int worldSize, int buckets) {
    Kind kind = ALL_KINDS.get(random.nextInt(ALL_KINDS.size()));
    boolean ofWorkers =
        switch (kind) {
          case DROP, CORRUPT, SLOW_LOADER, FAIL_LOADER -> true;
          default -> false;
        };
    int rank = ofWorkers ? 1 + random.nextInt(worldSize - 1) : random.nextInt(worldSize);
    int at =
        switch (kind.counted()) {
          case NOTHING -> 0;
          case ALLOCATIONS -> 1 + random.nextInt(3);
          default ->
              kind.isWarmUpAllowed() ? random.nextInt(buckets + 1) : 1 + random.nextInt(buckets);
        };
    Duration duration = Duration.ofMillis(1 + random.nextInt(20_000));
    return switch (kind) {
      case CORRUPT -> new Fault(kind, rank, at, Duration.ZERO, 1 + random.nextInt(4));
      case STOP -> Fault.lasting(kind, rank, at, random.nextInt(3) == 0 ? Duration.ZERO : duration);
      case DELAY, SLOW_LOADER, LATE -> Fault.lasting(kind, rank, at, duration);
      default -> Fault.of(kind, rank, at);
    };
  }

  /**
   * What goes wrong.
   *
   * @return the faults in the order they were added
   */
  public List<Fault> faults() {
    return faults;
  }

  /**
   * What the positions of flipped bits are drawn from.
   *
   * @return the seed
   */
  public long seed() {
    return seed;
  }

  /**
   * Injects this plan into the groups that meet where the info says, from now until the injection
   * is closed. No other group of the JVM is touched. Must be called before the first rank joins.
   *
   * @param info the address and port, or the unique id, with which all ranks will join
   * @return what holds it in place, and keeps the log
   * @throws InvalidInfoException if another plan is injected there already
   */
  public FaultInjection injectAt(BroadcastInitInfo info) {
    return FaultInjection.inject(this, info, MeetingPoints.OF_THIS_JVM);
  }

  /** Java that makes the same plan again; of a random one, also what is in it. */
  @Override
  public String toString() {
    return origin;
  }

  /** Collects faults; for one thread. */
  public static final class Builder {

    private final List<Fault> faults = new ArrayList<>();
    private long seed;

    private Builder() {}

    /**
     * What the positions of flipped bits are drawn from; 0 without it.
     *
     * @param value any number
     * @return this builder
     */
    public Builder seed(long value) {
      seed = value;
      return this;
    }

    /**
     * The rank's part in a bucket begins later; its other streams go on.
     *
     * @param rank on which rank
     * @param bucket which bucket, 0 for the warm-up
     * @param by how much later, on the clock of the rank's config
     * @return this builder
     */
    public Builder delay(int rank, int bucket, Duration by) {
      return add(Fault.lasting(Kind.DELAY, rank, bucket, by));
    }

    /**
     * A bucket never reaches the rank, which takes part and waits for it, as the trainer waits for
     * the rank: until the first deadline.
     *
     * @param rank a worker's rank, or any in the warm-up
     * @param bucket which bucket, 0 for the warm-up
     * @return this builder
     */
    public Builder drop(int rank, int bucket) {
      return add(Fault.of(Kind.DROP, rank, bucket));
    }

    /**
     * The rank dies when it comes to a bucket, as a process that is killed: it says nothing any
     * more, but its connections are closed and the others notice that. Its own operation throws;
     * close its engine and make a new one.
     *
     * @param rank which rank
     * @param bucket at which bucket, 0 for the warm-up
     * @return this builder
     */
    public Builder kill(int rank, int bucket) {
      return add(Fault.of(Kind.KILL, rank, bucket));
    }

    /**
     * The same, but nobody notices, as when the whole machine is gone: the others wait until their
     * deadlines.
     *
     * @param rank which rank
     * @param bucket at which bucket, 0 for the warm-up
     * @return this builder
     */
    public Builder killSilently(int rank, int bucket) {
      return add(Fault.of(Kind.KILL_SILENTLY, rank, bucket));
    }

    /**
     * All streams of the rank stand still from a bucket on, until {@link FaultInjection#resume}, or
     * until the rank's operation gives up.
     *
     * @param rank which rank
     * @param bucket from which bucket, 0 for the warm-up
     * @return this builder
     */
    public Builder stop(int rank, int bucket) {
      return add(Fault.of(Kind.STOP, rank, bucket));
    }

    /**
     * All streams of the rank stand still from a bucket on, for some time.
     *
     * @param rank which rank
     * @param bucket from which bucket, 0 for the warm-up
     * @param during how long, on the clock of the rank's config
     * @return this builder
     */
    public Builder stop(int rank, int bucket, Duration during) {
      return add(Fault.lasting(Kind.STOP, rank, bucket, during));
    }

    /**
     * One bit of what the rank receives is flipped; the log says which.
     *
     * @param rank a worker's rank
     * @param bucket in which bucket
     * @return this builder
     */
    public Builder corrupt(int rank, int bucket) {
      return corrupt(rank, bucket, 1);
    }

    /**
     * Some bits of what the rank receives are flipped; the log says which.
     *
     * @param rank a worker's rank
     * @param bucket in which bucket
     * @param bits how many different ones; all of them if the bucket has fewer
     * @return this builder
     */
    public Builder corrupt(int rank, int bucket, int bits) {
      return add(new Fault(Kind.CORRUPT, rank, bucket, Duration.ZERO, bits));
    }

    /**
     * A bucket is done on the rank only after the bucket behind it, which is on another stream. It
     * needs two buffers; where nothing comes behind in good time, the bucket goes on, and the log
     * says so.
     *
     * @param rank on which rank
     * @param bucket which bucket is held back
     * @return this builder
     */
    public Builder reorder(int rank, int bucket) {
      return add(Fault.of(Kind.REORDER, rank, bucket));
    }

    /**
     * The rank's device refuses an allocation with an {@link
     * dev.weightcast.api.OutOfDeviceMemoryException}.
     *
     * @param rank on which rank
     * @param allocation which one, counted from 1 since the rank began to join
     * @return this builder
     */
    public Builder failAllocation(int rank, int allocation) {
      return add(Fault.of(Kind.FAIL_ALLOCATION, rank, allocation));
    }

    /**
     * A copy on the rank's device fails with a {@link dev.weightcast.api.DeviceException} when it
     * runs; what comes behind on its stream is skipped up to the next event.
     *
     * @param rank on which rank
     * @param copy which call of {@code DeviceStream.copy}, counted from 1 since the rank joined
     * @return this builder
     */
    public Builder failCopy(int rank, int copy) {
      return add(Fault.of(Kind.FAIL_COPY, rank, copy));
    }

    /**
     * A copy fails, and nothing works on the rank's device ever after, as after a sticky error of
     * CUDA: close its engine and make a new one.
     *
     * @param rank on which rank
     * @param copy which call of {@code DeviceStream.copy}, counted from 1 since the rank joined
     * @return this builder
     */
    public Builder breakDevice(int rank, int copy) {
      return add(Fault.of(Kind.BREAK_DEVICE, rank, copy));
    }

    /**
     * The rank's loader takes its time; it must be wrapped by {@link FaultInjection#loader}.
     *
     * @param rank a worker's rank
     * @param call before which call, counted from 1 over all updates
     * @param by how long, on the clock of the rank's config
     * @return this builder
     */
    public Builder slowLoader(int rank, int call, Duration by) {
      return add(Fault.lasting(Kind.SLOW_LOADER, rank, call, by));
    }

    /**
     * The rank's loader throws; it must be wrapped by {@link FaultInjection#loader}.
     *
     * @param rank a worker's rank
     * @param call at which call, counted from 1 over all updates
     * @return this builder
     */
    public Builder failLoader(int rank, int call) {
      return add(Fault.of(Kind.FAIL_LOADER, rank, call));
    }

    /**
     * The rank never finds the others: it waits until its deadline, and they until theirs.
     *
     * @param rank which rank
     * @return this builder
     */
    public Builder absent(int rank) {
      return add(Fault.of(Kind.ABSENT, rank, 0));
    }

    /**
     * The rank comes late to the rendezvous.
     *
     * @param rank which rank
     * @param by how much, on the clock of its config
     * @return this builder
     */
    public Builder late(int rank, Duration by) {
      return add(Fault.lasting(Kind.LATE, rank, 0, by));
    }

    /**
     * The rank dies before it has found the others, who wait for it until their deadlines.
     *
     * @param rank which rank
     * @return this builder
     */
    public Builder killInRendezvous(int rank) {
      return add(Fault.of(Kind.KILL_IN_RENDEZVOUS, rank, 0));
    }

    /**
     * The rank dies in the warm-up, as a process that is killed.
     *
     * @param rank which rank
     * @return this builder
     */
    public Builder killInWarmUp(int rank) {
      return kill(rank, 0);
    }

    /**
     * One more fault.
     *
     * @param fault what goes wrong
     * @return this builder
     */
    public Builder add(Fault fault) {
      faults.add(fault);
      return this;
    }

    /**
     * The plan.
     *
     * @return what was collected
     */
    public FaultPlan build() {
      String start = "FaultPlan.builder()" + (seed == 0 ? "" : ".seed(" + seed + "L)");
      return new FaultPlan(faults, seed, start + calls() + ".build()");
    }

    private String calls() {
      return faults.stream().map(fault -> "." + fault).collect(Collectors.joining());
    }
  }
}
