package dev.weightcast.spi.collective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.DataType;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.Packing;
import dev.weightcast.api.Shape;
import dev.weightcast.api.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class BucketPlanTest {

  @Test
  void aBucketClosesOnceItIsStrictlyLargerThanTheLimit() {
    assertThat(bucketBytes(500, 800, 40, 800, 40, 800, 40)).containsExactly(800L, 840L, 840L, 40L);
  }

  @Test
  void aBucketThatIsExactlyTheLimitStaysOpen() {
    long[] sizes = LongStream.generate(() -> 400).limit(20).toArray();
    assertThat(tensorCounts(2000, sizes)).containsExactly(6, 6, 6, 2);
  }

  @Test
  void aTensorLargerThanTheLimitEndsItsBucket() {
    assertThat(tensorCounts(500, 800, 20, 1200)).containsExactly(1, 2);
  }

  @Test
  void anEmptyListHasNoBuckets() {
    assertThat(plan(500).buckets()).isEmpty();
    assertThat(plan(500).summary(3).bufferBytes()).isZero();
  }

  @Test
  void emptyTensorsAtTheEndAreABucketWithoutBytes() {
    assertThat(bucketBytes(10, 20, 0, 0)).containsExactly(20L, 0L);
  }

  @RepeatedTest(200)
  void everyPlanIsTheOneThatAProducerLoopMakes(RepetitionInfo repetition) {
    long seed = 7919L * repetition.getCurrentRepetition();
    Random random = new Random(seed);
    long[] sizes = random.longs(random.nextInt(80), 0, 200).toArray();
    long limit = 1 + random.nextInt(600);
    assertThat(bucketBytes(limit, sizes))
        .as("seed %d, limit %d, sizes %s", seed, limit, LongStream.of(sizes).boxed().toList())
        .isEqualTo(oracle(limit, sizes));
  }

  @Test
  void theSummaryBoundsTheMemoryByBuffersTimesTheLargestBucket() {
    var summary = plan(500, 800, 40, 800, 40, 800, 40).summary(3);
    assertThat(summary.bytes()).isEqualTo(2520);
    assertThat(summary.buckets()).isEqualTo(4);
    assertThat(summary.largestBucketBytes()).isEqualTo(840);
    assertThat(summary.bufferBytes()).isEqualTo(3 * 840);
    assertThat(plan(500, 800).summary(3).bufferBytes())
        .as("one bucket needs one slot")
        .isEqualTo(800);
  }

  @Test
  void unpackedEachTensorTravelsAloneWithItsOwnType() {
    TensorSpec half = new TensorSpec("a", DataType.FLOAT16, Shape.of(2, 3));
    TensorSpec scalar = new TensorSpec("b", DataType.INT64, Shape.scalar());
    BucketPlan plan = BucketPlan.of(List.of(half, scalar), Packing.UNPACKED);
    assertThat(plan.buckets())
        .containsExactly(
            new Bucket(0, List.of(half), 12, DataType.FLOAT16),
            new Bucket(1, List.of(scalar), 8, DataType.INT64));
    assertThat(plan.buckets().get(0).elementCount()).isEqualTo(6);
  }

  @Test
  void unpackedATypeThatNcclLacksIsRefusedByName() {
    TensorSpec mask = new TensorSpec("mask", DataType.BOOL, Shape.of(4));
    assertThatThrownBy(() -> BucketPlan.of(List.of(mask), Packing.UNPACKED))
        .isInstanceOf(InvalidInfoException.class)
        .hasMessage(
            "tensor 'mask' bool [4] cannot be broadcast by itself: NCCL has no type for bool; set"
                + " packed to true, which moves bytes");
  }

  @Test
  void moreBytesThanALongHoldsAreRefused() {
    TensorSpec huge = new TensorSpec("huge", DataType.UINT8, Shape.of(Long.MAX_VALUE - 10));
    assertThatThrownBy(() -> BucketPlan.of(List.of(huge, huge), Packing.packed(1, 1)))
        .hasMessageContaining("more than 2^63 - 1 bytes");
    BucketPlan one = BucketPlan.of(List.of(huge, spec(5)), Packing.packed(1, 2));
    assertThat(one.buckets()).hasSize(2);
    assertThatThrownBy(() -> one.summary(2)).hasMessageContaining("2 buffers of");
  }

  /** The rule written as the loop of a sender that takes tensors from an iterator. */
  private static List<Long> oracle(long limit, long[] sizes) {
    List<Long> sent = new ArrayList<>();
    int i = 0;
    while (i < sizes.length) {
      long total = 0;
      while (i < sizes.length) {
        total += sizes[i++];
        if (total > limit) {
          break;
        }
      }
      sent.add(total);
    }
    return sent;
  }

  private static List<Long> bucketBytes(long limit, long... sizes) {
    return plan(limit, sizes).buckets().stream().map(Bucket::byteSize).toList();
  }

  private static List<Integer> tensorCounts(long limit, long... sizes) {
    return plan(limit, sizes).buckets().stream().map(bucket -> bucket.specs().size()).toList();
  }

  private static BucketPlan plan(long limit, long... sizes) {
    List<TensorSpec> specs = LongStream.of(sizes).mapToObj(BucketPlanTest::spec).toList();
    return BucketPlan.of(specs, Packing.packed(limit, 2));
  }

  private static TensorSpec spec(long bytes) {
    return new TensorSpec("t", DataType.UINT8, Shape.of(bytes));
  }
}
