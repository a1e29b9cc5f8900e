package dev.weightcast.backend.loopback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.backend.loopback.Fault.Kind;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FaultPlanTest {

  @Test
  void aPlanPrintsTheJavaThatMakesItAgain() {
    FaultPlan plan =
        FaultPlan.builder()
            .seed(7)
            .kill(2, 3)
            .stop(1, 0, Duration.ofSeconds(2))
            .stop(1, 4)
            .corrupt(1, 2)
            .corrupt(1, 2, 5)
            .late(0, Duration.ofNanos(3))
            .absent(1)
            .build();
    assertThat(plan)
        .hasToString(
            "FaultPlan.builder().seed(7L).kill(2, 3).stop(1, 0, Duration.ofNanos(2000000000L))"
                + ".stop(1, 4).corrupt(1, 2).corrupt(1, 2, 5).late(0, Duration.ofNanos(3L))"
                + ".absent(1).build()");
  }

  @Test
  void aRandomPlanComesFromItsSeedAndSaysWhatIsInIt() {
    FaultPlan plan = FaultPlan.random(42, 3, 8);
    assertThat(FaultPlan.random(42, 3, 8).faults()).isEqualTo(plan.faults()).isNotEmpty();
    assertThat(FaultPlan.random(43, 3, 8).faults()).isNotEqualTo(plan.faults());
    assertThat(plan.toString())
        .startsWith("FaultPlan.random(42L, 3, 8) /* ." + plan.faults().get(0))
        .endsWith(" */");
  }

  @Test
  void randomPlansHaveEveryKindAndNothingOutsideTheGroup() {
    Set<Kind> seen = EnumSet.noneOf(Kind.class);
    for (long seed = 0; seed < 1000; seed++) {
      for (Fault fault : FaultPlan.random(seed, 3, 4).faults()) {
        seen.add(fault.kind());
        assertThat(fault.rank()).isBetween(0, 2);
        assertThat(fault.at()).isBetween(0, 4);
      }
    }
    assertThat(seen).containsExactlyInAnyOrder(Kind.values());
  }

  @Test
  void nonsenseIsRefusedWhereItIsWritten() {
    FaultPlan.Builder builder = FaultPlan.builder();
    assertThatThrownBy(() -> builder.kill(-1, 2))
        .isInstanceOf(InvalidInfoException.class)
        .hasMessage("kill: rank must be 0 or more and the place 0 or more, found -1 and 2");
    assertThatThrownBy(() -> builder.corrupt(1, 0))
        .hasMessage("corrupt: rank must be 0 or more and the place 1 or more, found 1 and 0");
    assertThatThrownBy(() -> builder.corrupt(1, 1, 0)).hasMessage("corrupt: cannot flip 0 bits");
    assertThatThrownBy(() -> builder.delay(1, 1, Duration.ZERO))
        .hasMessage("delay: no fault lasts PT0S");
    assertThatThrownBy(() -> FaultPlan.random(1, 1, 1))
        .hasMessage("a random plan needs 2 ranks and 1 bucket, found 1 and 1");
  }

  @Test
  void onePlanAtATimeIsInjectedAtOnePlace() {
    BroadcastInitInfo here = BroadcastInitInfo.ofStore("fault-plan-test", 1, 2);
    FaultPlan plan = FaultPlan.builder().absent(1).build();
    FaultInjection first = plan.injectAt(here);
    assertThatThrownBy(() -> FaultPlan.random(1, 2, 2).injectAt(here))
        .isInstanceOf(InvalidInfoException.class)
        .hasMessageContaining("fault-plan-test:1 and not closed: " + plan);
    plan.injectAt(BroadcastInitInfo.ofStore("fault-plan-test", 2, 2)).close();
    first.close();
    FaultInjection second = plan.injectAt(here);
    first.close(); // for the second time: it must not take the other away
    assertThat(MeetingPoints.OF_THIS_JVM.open()).hasSize(1);
    second.close();
    assertThat(MeetingPoints.OF_THIS_JVM.open()).isEmpty();
  }
}
