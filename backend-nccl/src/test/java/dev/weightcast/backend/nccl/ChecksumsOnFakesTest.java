package dev.weightcast.backend.nccl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.api.ChecksumMismatchException;
import dev.weightcast.api.Packing;
import dev.weightcast.api.RankFailedException;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TransferPhase;
import dev.weightcast.api.WeightTransferConfig;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Checksums on this backend: their bytes come to the host through pinned memory, and the packed
 * buckets here are larger than all of it.
 */
class ChecksumsOnFakesTest {

  private static final WeightTransferConfig UNCHECKED =
      WeightTransferConfig.defaults().withTimeout(Duration.ofSeconds(20));
  private static final WeightTransferConfig CHECKED = UNCHECKED.withChecksums(true);

  /** Three tensors a bucket, or one. */
  private static Packing packing(boolean packed) {
    return packed ? Packing.packed(600_000, 2) : new Packing(false, 1, 2);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void rightBytesPassRoundAfterRound(boolean packed) throws Exception {
    try (FaultPair pair = new FaultPair(CHECKED, packing(packed))) {
      well(pair.init());
      for (int round = 0; round < 5; round++) {
        well(pair.transfer());
      }
      assertThat(pair.trainer().cuda().bytesIntoPinned())
          .as("from the trainer's device, for checksums alone")
          .isEqualTo(5 * pair.trainer().specs().stream().mapToLong(TensorSpec::byteSize).sum());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aFlippedBitIsNamedOnItsWorkerAndHeardOfByTheTrainer(boolean packed) throws Exception {
    try (FaultPair pair = new FaultPair(CHECKED, packing(packed))) {
      well(pair.init());
      well(pair.transfer());
      pair.worker().wire().flip(1);
      FaultPair.Outcome outcome = pair.transfer();
      assertThat(outcome.worker())
          .isInstanceOfSatisfying(
              ChecksumMismatchException.class,
              e -> {
                assertThat(e.bucket()).isEqualTo(2);
                assertThat(e.tensors())
                    .isEqualTo(packed ? List.of("t3", "t4", "t5") : List.of("t1"));
                assertThat(e.phase()).isEqualTo(TransferPhase.ACKNOWLEDGEMENT);
              })
          .hasMessageContaining("its checksums differ");
      assertThat(outcome.trainer())
          .isInstanceOfSatisfying(RankFailedException.class, e -> assertThat(e.rank()).isEqualTo(1))
          .hasMessageContaining("its checksums differ");
      pair.worker().wire().flip(-1);
      well(pair.init());
      well(pair.transfer());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void withoutChecksumsNobodyNotices(boolean packed) throws Exception {
    try (FaultPair pair = new FaultPair(UNCHECKED, packing(packed))) {
      well(pair.init());
      pair.worker().wire().flip(1);
      FaultPair.Outcome outcome = pair.transfer();
      assertThat(outcome.trainer()).isNull();
      assertThat(pair.trainer().cuda().bytesIntoPinned()).isZero();
      assertThat(outcome.worker())
          .as("this test's own look at the bytes")
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("wrong bytes in " + (packed ? "t4" : "t1"));
    }
  }

  private static void well(FaultPair.Outcome outcome) {
    assertThat(outcome.trainer()).as("the trainer").isNull();
    assertThat(outcome.worker()).as("the worker").isNull();
  }
}
