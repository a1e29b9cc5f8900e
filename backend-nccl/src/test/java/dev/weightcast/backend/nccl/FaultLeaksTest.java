package dev.weightcast.backend.nccl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.WeightTransferException;
import dev.weightcast.backend.loopback.LeakAccount;
import dev.weightcast.rendezvous.TcpStoreClient;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a fault leaves behind in one process, on the real store: no thread, no socket, nothing on
 * the device, and after it both ranks work again.
 */
class FaultLeaksTest {

  private enum Fault {
    INTERRUPTED,
    CLOSED,
    HANGS
  }

  private static final List<String> PHASES =
      List.of(
          "id exchange",
          "communicator init",
          "warm-up",
          "agreement",
          "bucket 0",
          "bucket 3",
          "drain",
          "acknowledgement");

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final LeakAccount account = LeakAccount.open();
  private final List<FaultRank> ranks = new ArrayList<>();
  private final int port;

  FaultLeaksTest() throws Exception {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
  }

  static Stream<Arguments> faults() {
    return PHASES.stream()
        .flatMap(
            phase ->
                Stream.of(Fault.values())
                    .flatMap(
                        fault ->
                            Stream.of(true, false)
                                .filter(isTrainer -> isTrainer || !phase.equals("id exchange"))
                                .map(isTrainer -> Arguments.of(phase, fault, isTrainer))));
  }

  /** Holds a rank up in one phase, once, until its thread is interrupted. */
  private static final class Hold implements Gate {

    private final String phase;
    private final CompletableFuture<Thread> held = new CompletableFuture<>();

    Hold(String phase) {
      this.phase = phase;
    }

    @Override
    public void at(String reached) {
      if (reached.equals(phase) && held.complete(Thread.currentThread())) {
        try {
          new CountDownLatch(1).await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
    }
  }

  private FaultRank rank(boolean isTrainer, Duration timeout, Gate gate) {
    FaultRank rank = new FaultRank(isTrainer, timeout, gate);
    ranks.add(rank);
    return rank;
  }

  private CompletableFuture<Throwable> update(FaultRank rank, int transfers) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            rank.init(port, 2);
            for (int i = 0; i < transfers; i++) {
              rank.transfer();
            }
            return null;
          } catch (WeightTransferException e) {
            return e;
          } finally {
            Thread.interrupted(); // whoever was interrupted last; the thread ends here
          }
        },
        OwnThread.EACH);
  }

  @ParameterizedTest(name = "{0}, {1}, at the trainer: {2}")
  @MethodSource
  void faults(String phase, Fault fault, boolean atTrainer) throws Exception {
    // Only one that hangs has to come to its deadline, and that one holds the other up until then.
    Duration timeout = fault == Fault.HANGS ? Duration.ofSeconds(1) : PATIENCE;
    Hold hold = new Hold(phase);
    FaultRank victim = rank(atTrainer, timeout, hold);
    FaultRank other = rank(!atTrainer, PATIENCE, reached -> {});
    CompletableFuture<Throwable> failing = update(victim, 1);
    CompletableFuture<Throwable> told = update(other, 1);
    Thread thread = hold.held.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    switch (fault) {
      case INTERRUPTED -> thread.interrupt();
      case CLOSED -> victim.close();
      case HANGS -> {} // until its watchdog interrupts it
    }
    assertThat(failing.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).as("the victim").isNotNull();
    Throwable heard = told.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    if (heard == null) { // it was through before
      assertThat(phase).isIn("drain", "acknowledgement");
    }
    if (fault != Fault.CLOSED) {
      CompletableFuture<Throwable> again = update(victim, 2);
      assertThat(update(other, 2).get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isNull();
      assertThat(again.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isNull();
    }
    assertNothingIsLeft();
  }

  @Test
  void fiftyUpdatesLeaveAsManyKeysAsTwo() throws Exception {
    FaultRank trainer = rank(true, PATIENCE, reached -> {});
    FaultRank worker = rank(false, PATIENCE, reached -> {});
    CompletableFuture<Void> joined =
        CompletableFuture.runAsync(() -> worker.init(port, 2), OwnThread.EACH);
    trainer.init(port, 2);
    joined.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    List<Long> keys = new ArrayList<>();
    Deadline deadline = Deadline.after(PATIENCE);
    try (TcpStoreClient store = TcpStoreClient.connect("127.0.0.1", port, deadline)) {
      for (int i = 0; i < 50; i++) {
        CompletableFuture<Void> received =
            CompletableFuture.runAsync(worker::transfer, OwnThread.EACH);
        trainer.transfer();
        received.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        keys.add(store.keyCount(deadline));
      }
    }
    // One or two more or less while a note is on its way, but not one more each time.
    assertThat(keys).as("keys %s", keys).allMatch(count -> count <= keys.get(0) + 2);
    assertNothingIsLeft();
  }

  @AfterEach
  void closeWhatIsOpen() {
    ranks.forEach(FaultRank::close); // after a failure too: other tests count threads
  }

  private void assertNothingIsLeft() {
    closeWhatIsOpen();
    for (FaultRank rank : ranks) {
      assertThat(rank.open()).as("buffers, streams and events").isZero();
    }
    account.assertNothingLeft(Duration.ofSeconds(10));
  }
}
