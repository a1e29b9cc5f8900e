package dev.weightcast.spi.collective;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class PackedRingTest {

  private final ManualRuntime runtime = new ManualRuntime();
  private final PackedRing ring = new PackedRing(runtime);

  @Test
  void aPlanOfManySmallSlotsDoesNotComeOnTopOfFewLargeOnes() {
    reserve(2, 1000);
    reserve(8, 100);
    assertThat(ring.byteSize()).isEqualTo(800);
  }

  @Test
  void aSmallerPlanUsesWhatIsThere() {
    reserve(3, 1000);
    String before = runtime.account().toString();
    reserve(2, 10);
    reserve(3, 1000);
    assertThat(runtime.account()).hasToString(before);
  }

  @RepeatedTest(100)
  void theRingIsNeverLargerThanTheLargestPlanSoFar(RepetitionInfo repetition) {
    Random random = new Random(104729L * repetition.getCurrentRepetition());
    long largest = 0;
    for (int plan = 0; plan < 50; plan++) {
      int count = 1 + random.nextInt(6);
      long slotBytes = random.nextInt(1000);
      reserve(count, slotBytes);
      largest = Math.max(largest, count * slotBytes);
      assertThat(ring.byteSize()).isBetween(count * slotBytes, largest);
      assertThat(ring.byteSize()).isEqualTo(runtime.account().bytes());
    }
    ring.close();
    assertThat(runtime.account()).hasToString("nothing");
  }

  private void reserve(int count, long slotBytes) {
    ring.prepare(count);
    ring.reserve(slotBytes);
  }
}
