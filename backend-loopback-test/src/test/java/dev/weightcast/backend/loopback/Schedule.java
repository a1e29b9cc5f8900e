package dev.weightcast.backend.loopback;

import dev.weightcast.api.DataType;
import dev.weightcast.api.Packing;
import dev.weightcast.api.Shape;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.spi.collective.BucketPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** What one round of the explorer does, all of it drawn from one seed. */
final class Schedule {

  /** What ranks do wrong themselves, beside the faults of the plan. */
  enum Mishap {
    NOTHING,
    LOADER_THROWS,
    SOURCE_THROWS,
    SOURCE_DIFFERS,
    WORKER_CLOSES,
    TRAINER_CLOSES,
    WORKER_IS_INTERRUPTED,
    TRAINER_IS_INTERRUPTED,
    WORKER_NEVER_RECEIVES,
    TRAINER_NEVER_SENDS,
    SPECS_DIFFER
  }

  private static final List<DataType> TYPES =
      List.of(DataType.UINT8, DataType.FLOAT32, DataType.BFLOAT16, DataType.INT64);

  private static final List<Mishap> MISHAPS = List.of(Mishap.values());

  final long seed;
  final int workers;
  final Packing packing;
  final List<TensorSpec> specs;
  final List<Tensor> weights;
  final Mishap mishap;
  final int victim;
  final FaultPlan plan;
  final int at;
  final boolean loadersWait;
  final long meddleNanos;
  final boolean checksums;
  final boolean mute;

  Schedule(long seed) {
    Random random = new Random(seed * FaultPlan.SPREAD); // small seeds begin alike
    this.seed = seed;
    workers = 1 + random.nextInt(4);
    packing = new Packing(random.nextBoolean(), 1 + random.nextInt(400), 1 + random.nextInt(3));
    List<TensorSpec> drawn = RandomModel.specs(random, 1 + random.nextInt(20), TYPES);
    drawn.add(new TensorSpec("last", DataType.UINT8, Shape.of(1 + random.nextInt(200))));
    specs = List.copyOf(drawn);
    weights = RandomModel.filled(specs, random);
    int buckets = BucketPlan.of(specs, packing).buckets().size();
    int kind = random.nextInt(10);
    mishap = kind < 5 ? Mishap.NOTHING : MISHAPS.get(random.nextInt(MISHAPS.size()));
    plan =
        kind >= 5 && kind < 8
            ? FaultPlan.builder().build()
            : FaultPlan.random(random.nextLong(), workers + 1, buckets);
    victim = random.nextInt(workers);
    at = random.nextInt(specs.size());
    loadersWait = random.nextBoolean();
    meddleNanos = random.nextInt(2_000_000);
    checksums = random.nextBoolean();
    // Flipped bits could be those of the agreement then, and mean anything.
    mute = random.nextInt(4) == 0 && !plan.toString().contains("corrupt");
  }

  /** Another grouping for the update after the faults. */
  Packing otherPacking() {
    Random random = new Random(~seed * FaultPlan.SPREAD);
    return new Packing(random.nextBoolean(), 1 + random.nextInt(400), 1 + random.nextInt(3));
  }

  /** What a worker is told to expect; the last tensor, which is never empty, has a byte more. */
  List<TensorSpec> announcedTo(int worker) {
    if (mishap != Mishap.SPECS_DIFFER || worker != victim) {
      return specs;
    }
    List<TensorSpec> other = new ArrayList<>(specs);
    long bytes = specs.get(specs.size() - 1).byteSize();
    other.set(specs.size() - 1, new TensorSpec("last", DataType.UINT8, Shape.of(bytes + 1)));
    return other;
  }

  CountingSource source() {
    List<Tensor> yielded = new ArrayList<>(weights);
    if (mishap == Mishap.SOURCE_DIFFERS) {
      TensorSpec other = new TensorSpec("other", DataType.UINT8, Shape.of(3));
      yielded.set(at, RandomModel.filled(List.of(other), new Random(seed)).get(0));
    }
    return new CountingSource(yielded, specs, mishap == Mishap.SOURCE_THROWS ? at : -1);
  }

  @Override
  public String toString() {
    return workers
        + " workers, "
        + packing
        + ", "
        + specs.size()
        + (checksums ? " tensors with checksums, " : " tensors, ")
        + (mute ? "no channel, " : "")
        + mishap
        + (mishap == Mishap.NOTHING ? "" : " at worker " + victim);
  }
}
