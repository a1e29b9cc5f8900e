package dev.weightcast.backend.loopback;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.Deadline;
import dev.weightcast.api.TransferAbortedException;
import dev.weightcast.api.TransferException;
import dev.weightcast.spi.collective.ProcessGroup;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;

class MeetingPointsTest {

  private final MeetingPoints points = new MeetingPoints();

  /** The last to come completes the group at the moment in which the other is interrupted. */
  @RepeatedTest(300)
  void aRankThatIsInterruptedWhileTheGroupCompletesIsNotWaitedFor(RepetitionInfo repetition)
      throws Exception {
    BroadcastInitInfo info =
        BroadcastInitInfo.ofStore("here", repetition.getCurrentRepetition(), 2);
    AtomicReference<Object> outcome = new AtomicReference<>();
    Thread first =
        new Thread(
            () -> {
              try {
                outcome.set(points.join(new ProcessGroup(0, info), minute()));
              } catch (TransferAbortedException e) {
                outcome.set(e);
              }
            });
    first.start();
    while (first.getState() != Thread.State.TIMED_WAITING) {
      Thread.onSpinWait();
    }
    first.interrupt();
    LoopbackGroup complete = null;
    try {
      complete = points.join(new ProcessGroup(1, info), Deadline.after(Duration.ofMillis(2)));
    } catch (TransferException e) {
      assertThat(e).hasMessageContaining("waited in rendezvous for rank 0");
    }
    first.join();
    if (complete != null && outcome.get() instanceof TransferAbortedException) {
      assertThat(complete.gone()).containsKey(0);
    }
  }

  private static Deadline minute() {
    return Deadline.after(Duration.ofMinutes(1));
  }
}
