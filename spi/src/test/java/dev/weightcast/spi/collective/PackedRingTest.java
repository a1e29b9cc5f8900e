package dev.weightcast.spi.collective;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.api.DataType;
import dev.weightcast.api.Deadline;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.Shape;
import dev.weightcast.api.SourceTensor;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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

  @Test
  void aBusySlotDoesNotKeepWhatTheOthersHold() throws Exception {
    ring.prepare(2, 1);
    ring.reserve(100);
    List<String> released = new ArrayList<>();
    runtime.hold();
    PackedBuffer busy = ring.slotFor(bucket(0, 10));
    busy.hold(source("busy", released));
    busy.begin(busy.stream());
    busy.launched(bucket(0, 10));
    PackedBuffer idle = ring.slotFor(bucket(1, 10));
    idle.hold(source("idle", released));
    ring.whenReleased(() -> released.add("closed"));
    assertThat(ring.quiesce(Deadline.after(Duration.ofMillis(20)))).isFalse();
    assertThat(released).containsExactly("idle");
    runtime.letGo();
    assertThat(ring.quiesce(Deadline.after(Duration.ofSeconds(10)))).isTrue();
    assertThat(released).containsExactly("idle", "busy", "closed");
    ring.whenReleased(() -> released.add("at once"));
    assertThat(released).endsWith("at once");
  }

  private static SourceTensor source(String name, List<String> released) {
    TensorSpec spec = new TensorSpec(name, DataType.UINT8, Shape.of(1));
    return SourceTensor.of(Tensor.of(spec, HostMemory.allocate(1)))
        .withRelease(() -> released.add(name));
  }

  @Test
  void bucketsThatTakeTurnsShareTheMemoryAndTheStreamOfTheirSlot() {
    ring.prepare(2, 3);
    ring.reserve(100);
    assertThat(ring.byteSize()).isEqualTo(200);
    PackedBuffer first = ring.slotFor(bucket(0, 10));
    PackedBuffer third = ring.slotFor(bucket(2, 10));
    assertThat(third).isNotSameAs(first);
    assertThat(third.memory()).isSameAs(first.memory());
    assertThat(third.stream()).isSameAs(first.stream());
    assertThat(ring.slotFor(bucket(1, 10)).memory()).isNotSameAs(first.memory());
    assertThat(ring.slotFor(bucket(6, 10))).isSameAs(first);
    ring.close();
    assertThat(runtime.account()).hasToString("nothing");
  }

  @Test
  void asManySmallBucketsAsThereAreTurnsHaveRoom() {
    runtime.hold();
    assertThat(launchWhileThereIsRoom(2, 3, 10)).isEqualTo(6);
    runtime.letGo();
  }

  @Test
  void bucketsOfMoreThanTheWindowHaveRoomOnceASlot() {
    runtime.hold();
    assertThat(launchWhileThereIsRoom(3, 8, PackedRing.WINDOW_BYTES)).isEqualTo(3);
    runtime.letGo();
  }

  @Test
  void whatIsUnderWayBeyondOneASlotFitsTheWindow() {
    runtime.hold();
    assertThat(launchWhileThereIsRoom(2, 32, PackedRing.WINDOW_BYTES / 10)).isEqualTo(10);
    runtime.letGo();
  }

  private int launchWhileThereIsRoom(int count, int turns, long byteSize) {
    ring.prepare(count, turns);
    int launched = 0;
    while (ring.hasRoomFor(bucket(launched, byteSize))) {
      PackedBuffer slot = ring.slotFor(bucket(launched, byteSize));
      slot.begin(slot.stream());
      slot.launched(bucket(launched, byteSize));
      launched++;
    }
    assertThat(ring.oldestFirst(launched).stream().filter(turn -> turn.inFlight() != null))
        .extracting(turn -> turn.inFlight().index())
        .isSorted()
        .hasSize(launched);
    return launched;
  }

  private static Bucket bucket(int index, long byteSize) {
    return new Bucket(index, List.of(), byteSize, DataType.UINT8);
  }

  private void reserve(int count, long slotBytes) {
    ring.prepare(count, 1);
    ring.reserve(slotBytes);
  }
}
