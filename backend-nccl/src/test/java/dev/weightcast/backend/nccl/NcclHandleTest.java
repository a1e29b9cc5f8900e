package dev.weightcast.backend.nccl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.Deadline;
import dev.weightcast.api.TransferAbortedException;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferPhase;
import dev.weightcast.api.TransferTimeoutException;
import dev.weightcast.api.UniqueId;
import dev.weightcast.api.WeightTransferException;
import dev.weightcast.spi.collective.ProcessGroup;
import dev.weightcast.spi.collective.SideChannel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class NcclHandleTest {

  private static final ProcessGroup GROUP =
      new ProcessGroup(1, BroadcastInitInfo.ofUniqueId(UniqueId.of(new byte[128]), 4));

  private final FakeNccl nccl = new FakeNccl();

  private NcclHandle init(Deadline deadline) {
    return NcclHandle.init(nccl, GROUP, 3, new byte[128], Peers.UNKNOWN, deadline);
  }

  private NcclHandle ready() {
    return init(Deadline.after(Duration.ofSeconds(30)));
  }

  @Test
  void anInitInProgressIsPolledUntilItIsDone() {
    AtomicInteger looks = new AtomicInteger();
    nccl.state =
        () -> looks.incrementAndGet() < 100 ? NcclLibrary.IN_PROGRESS : NcclLibrary.SUCCESS;
    try (NcclHandle handle = ready()) {
      assertThat(looks).hasValue(100);
      assertThat(nccl.calls).containsExactly("init device 3 world 4 rank 1 id 0");
      assertThat(handle.failure()).isEmpty();
    }
    assertThat(nccl.aborts).hasValue(1);
    assertThat(nccl.cellsOpen).hasValue(0);
  }

  @Test
  void anInitThatDoesNotEndIsAbortedWithTheDeadline() {
    nccl.state = () -> NcclLibrary.IN_PROGRESS;
    assertThatThrownBy(() -> init(Deadline.after(Duration.ofMillis(50))))
        .isInstanceOfSatisfying(
            TransferTimeoutException.class,
            e -> assertThat(e.phase()).isEqualTo(TransferPhase.COMMUNICATOR_INIT))
        .hasMessageContainingAll(
            "ncclCommInitRankConfig", "rank 1 of 4", "cuda:3", "communicator init", "PT0.05S");
    assertThat(nccl.aborts).hasValue(1);
    assertThat(nccl.cellsOpen).hasValue(0);
  }

  @Test
  void anInitThatIsCancelledSaysWhy() {
    Deadline deadline = Deadline.after(Duration.ofSeconds(30));
    nccl.state =
        () -> {
          deadline.cancel("the engine is closed");
          return NcclLibrary.IN_PROGRESS;
        };
    assertThatThrownBy(() -> init(deadline))
        .isInstanceOf(TransferAbortedException.class)
        .hasMessageContaining("the engine is closed");
    assertThat(nccl.aborts).hasValue(1);
  }

  @Test
  void anInterruptedInitEndsAndTheFlagIsSetAgain() {
    nccl.state =
        () -> {
          Thread.currentThread().interrupt();
          return NcclLibrary.IN_PROGRESS;
        };
    Throwable thrown = catchThrowable(this::ready);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(thrown)
        .isInstanceOf(TransferAbortedException.class)
        .hasCauseInstanceOf(InterruptedException.class);
    assertThat(nccl.aborts).hasValue(1);
    assertThat(nccl.cellsOpen).hasValue(0);
  }

  @Test
  void aRefusedInitSaysCallTextLastErrorRankDevicePhaseAndHint() {
    nccl.state = () -> 5;
    nccl.lastError = "Duplicate GPU detected : rank 1 and rank 0 both on CUDA device 1000";
    assertThatThrownBy(this::ready)
        .isInstanceOf(TransferException.class)
        .hasMessageContainingAll(
            "ncclCommInitRankConfig failed",
            "rank 1 of 4",
            "cuda:3",
            "communicator init",
            "NCCL's text of 5 (ncclResult 5)",
            "Duplicate GPU detected",
            "NCCL_HOSTID");
    assertThat(nccl.aborts).hasValue(1);
  }

  @Test
  void aCollectiveReturnsWhenItIsOnItsStream() {
    try (NcclHandle handle = ready()) {
      AtomicInteger looks = new AtomicInteger();
      nccl.state =
          () -> looks.incrementAndGet() < 10 ? NcclLibrary.IN_PROGRESS : NcclLibrary.SUCCESS;
      handle.enqueue("ncclBroadcast", (library, device, comm) -> NcclLibrary.IN_PROGRESS);
      assertThat(looks).hasValue(10);
    }
  }

  @Test
  void anAbortGetsThroughToACollectiveThatWaitsForOtherRanks() throws Exception {
    NcclHandle handle = ready();
    CountDownLatch waiting = new CountDownLatch(1);
    nccl.state =
        () -> {
          waiting.countDown();
          return NcclLibrary.IN_PROGRESS;
        };
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread caller =
        new Thread(
            () ->
                thrown.set(
                    catchThrowable(
                        () ->
                            handle.enqueue(
                                "ncclBroadcast", (n, d, c) -> NcclLibrary.IN_PROGRESS))));
    caller.start();
    assertThat(waiting.await(10, TimeUnit.SECONDS)).isTrue();
    handle.abort("the deadline is over");
    caller.join(10_000);
    assertThat(thrown.get())
        .isInstanceOf(WeightTransferException.class)
        .hasMessageContainingAll("ncclBroadcast", "aborted", "the deadline is over");
    handle.close();
    assertThat(nccl.aborts).hasValue(1);
  }

  @Test
  void anAbortThatTakesItsTimeKeepsNobodyWaiting() throws Exception {
    NcclHandle handle = ready();
    nccl.abortMayReturn = new CountDownLatch(1);
    handle.abort("first");
    handle.abort("second");
    assertThat(nccl.abortCalled.await(10, TimeUnit.SECONDS)).isTrue();
    assertThat(handle.failure()).isEmpty();
    assertThat(nccl.cellsOpen).hasValue(1);
    nccl.abortMayReturn.countDown();
    handle.close();
    handle.close();
    assertThat(nccl.aborts).hasValue(1);
    assertThat(nccl.cellsOpen).hasValue(0);
  }

  @Test
  void anAbortThatHangsHoldsUpNeitherTheCollectiveUnderWayNorTheNext() throws Exception {
    NcclHandle handle = ready();
    nccl.abortMayReturn = new CountDownLatch(1);
    CountDownLatch waiting = new CountDownLatch(1);
    nccl.state =
        () -> {
          waiting.countDown();
          return NcclLibrary.IN_PROGRESS;
        };
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Runnable collective =
        () ->
            thrown.set(
                catchThrowable(
                    () -> handle.enqueue("ncclBroadcast", (n, d, c) -> NcclLibrary.IN_PROGRESS)));
    Thread caller = new Thread(collective);
    caller.start();
    assertThat(waiting.await(10, TimeUnit.SECONDS)).isTrue();
    handle.abort("the deadline is over");
    assertThat(nccl.abortCalled.await(10, TimeUnit.SECONDS)).isTrue();
    caller.join(10_000);
    assertThat(caller.isAlive()).as("waits for an abort that hangs").isFalse();
    assertThat(thrown.getAndSet(null)).hasMessageContaining("the deadline is over");
    Thread next = new Thread(collective);
    next.start();
    next.join(10_000);
    assertThat(next.isAlive()).as("waits for an abort that hangs").isFalse();
    assertThat(thrown.get()).hasMessageContaining("the deadline is over");
    nccl.abortMayReturn.countDown();
    handle.close();
    assertThat(nccl.cellsOpen).hasValue(0);
  }

  @Test
  void aFailedInitDoesNotWaitForAnAbortThatHangs() throws Exception {
    nccl.abortMayReturn = new CountDownLatch(1);
    nccl.state = () -> NcclLibrary.IN_PROGRESS;
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread caller =
        new Thread(
            () -> thrown.set(catchThrowable(() -> init(Deadline.after(Duration.ofMillis(50))))));
    caller.start();
    caller.join(5_000);
    assertThat(caller.isAlive()).as("waits for an abort that hangs").isFalse();
    assertThat(thrown.get()).isInstanceOf(TransferTimeoutException.class);
    assertThat(nccl.cellsOpen).as("NCCL may still write there").hasValue(1);
    nccl.abortMayReturn.countDown();
    for (int i = 0; nccl.cellsOpen.get() > 0 && i < 1_000; i++) {
      Thread.sleep(10);
    }
    assertThat(nccl.cellsOpen).hasValue(0);
  }

  @Test
  void afterAnAbortCollectivesAreRefusedWithItsReason() {
    NcclHandle handle = ready();
    handle.abort("a worker is gone");
    assertThatThrownBy(() -> handle.enqueue("ncclAllReduce", (n, d, c) -> NcclLibrary.SUCCESS))
        .hasMessageContainingAll("ncclAllReduce was refused", "a worker is gone");
    handle.close();
  }

  @Test
  void whatNcclNoticesByItselfIsAFailureAndStays() {
    NcclHandle handle = ready();
    nccl.state = () -> 6;
    nccl.lastError = "socketProgress: Connection closed by remote peer";
    assertThat(handle.failure())
        .hasValueSatisfying(
            e ->
                assertThat(e)
                    .hasMessageContainingAll(
                        "NCCL's text of 6", "Connection closed by remote peer", "rank 1 of 4"));
    nccl.state = () -> NcclLibrary.SUCCESS;
    assertThat(handle.failure()).isPresent();
    handle.close();
  }

  @Test
  void aCollectiveThatIsRefusedIsAFailureToo() {
    NcclHandle handle = ready();
    assertThatThrownBy(() -> handle.enqueue("ncclBroadcast", (n, d, c) -> 4))
        .hasMessageContainingAll("ncclBroadcast failed on rank 1 of 4", "NCCL's text of 4");
    assertThat(handle.failure()).isPresent();
    handle.close();
  }

  @Test
  void aCollectiveOnAVirtualOrAnyOtherThreadSetsTheDevice() throws Exception {
    NcclHandle handle = ready();
    AtomicInteger device = new AtomicInteger();
    Thread other =
        new Thread(
            () ->
                handle.enqueue(
                    "ncclBroadcast",
                    (n, d, c) -> {
                      device.set(d);
                      return NcclLibrary.SUCCESS;
                    }));
    other.start();
    other.join(10_000);
    assertThat(device).hasValue(3);
    handle.close();
  }

  @Test
  void theOthersAreToldBeforeNcclIsAborted() {
    List<String> order = new CopyOnWriteArrayList<>();
    Peers peers = peers(order, () -> order.add("waits until that is read"));
    nccl.initStatus = NcclLibrary.SUCCESS;
    nccl.onAbort = () -> order.add("aborts");
    Deadline deadline = Deadline.after(Duration.ofSeconds(20));
    NcclHandle handle = NcclHandle.init(nccl, GROUP, 3, new byte[128], peers, deadline);
    handle.abort("no space");
    handle.close();
    assertThat(order).containsExactly("tells no space", "waits until that is read", "aborts");
  }

  @Test
  void ncclIsAbortedAlsoIfTheOthersCannotBeTold() {
    Peers peers =
        peers(
            new CopyOnWriteArrayList<>(),
            () -> {
              throw new AssertionError("whatever goes wrong there");
            });
    Deadline deadline = Deadline.after(Duration.ofSeconds(20));
    NcclHandle.init(nccl, GROUP, 3, new byte[128], peers, deadline).close();
    assertThat(nccl.aborts).hasValue(1);
    assertThat(nccl.cellsOpen).hasValue(0);
  }

  private static Peers peers(List<String> told, Runnable awaitTold) {
    return new Peers() {
      @Override
      public Optional<WeightTransferException> failure() {
        return Optional.empty();
      }

      @Override
      public boolean mayStillSay() {
        return false;
      }

      @Override
      public RuntimeException explain(RuntimeException e, Deadline deadline) {
        return e;
      }

      @Override
      public void tell(String reason) {
        told.add("tells " + reason);
      }

      @Override
      public void awaitTold() {
        awaitTold.run();
      }

      @Override
      public Optional<SideChannel> sideChannel() {
        return Optional.empty();
      }
    };
  }
}
