package dev.weightcast.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.TransferAbortedException;
import dev.weightcast.api.TransferListener;
import dev.weightcast.api.TransferPhase;
import dev.weightcast.api.WeightSource;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class RanksTest {

  @Test
  void whenOneFailsTheOthersAreClosedAndTheOneWhoKnowsWhyIsNamed() {
    try (Ranks ranks = new Ranks()) {
      Waiting left = ranks.add(new Waiting("worker 1"));
      Waiting right = ranks.add(new Waiting("worker 2"));
      Waiting failing = ranks.add(new Waiting("trainer"));
      ranks.start(left, left::untilClosed);
      ranks.start(right, right::untilClosed);
      ranks.start(
          failing,
          () -> {
            left.close();
            left.ended.await();
            throw new IllegalStateException("the source is gone");
          });

      assertThatThrownBy(ranks::await)
          .isInstanceOf(RankFailedException.class)
          .hasMessage("trainer: java.lang.IllegalStateException: the source is gone");
      assertThat(right.ended.getCount()).isZero();
    }
  }

  @Test
  void whenNoneFailsNothingIsThrown() throws Exception {
    try (Ranks ranks = new Ranks()) {
      Waiting rank = ranks.add(new Waiting("worker 1"));
      ranks.start(rank, () -> "done");
      ranks.await();
    }
  }

  @Test
  void aWorkerThatFailsWhileOthersJoinLeavesNobodyWaiting() {
    try (Ranks ranks = new Ranks()) {
      Trainer trainer = ranks.add(new Trainer("loopback", TransferListener.NONE));
      Worker joining = ranks.add(new Worker("loopback", 1, List.of()));
      Worker failing = ranks.add(new Worker("loopback", 2, List.of()));
      BroadcastInitInfo group = BroadcastInitInfo.ofUniqueId(trainer.createUniqueId(), 3);
      ranks.start(trainer, () -> trainer.send(group, WeightSource.of(List.of())));
      ranks.start(joining, () -> joining.receive(group, BroadcastUpdateInfo.of(List.of())));
      ranks.start(
          failing,
          () -> {
            throw new IOException("no room");
          });

      assertThatThrownBy(ranks::await).hasMessage("worker 2: java.io.IOException: no room");
    }
  }

  private static final class Waiting implements Rank {
    private final String name;
    private final CountDownLatch closed = new CountDownLatch(1);
    final CountDownLatch ended = new CountDownLatch(1);

    Waiting(String name) {
      this.name = name;
    }

    Object untilClosed() throws InterruptedException {
      try {
        closed.await();
        throw new TransferAbortedException("closed", TransferPhase.DRAIN, 0, 0, null);
      } finally {
        ended.countDown();
      }
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public void close() {
      closed.countDown();
    }
  }
}
