package dev.weightcast.backend.nccl;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.RankFailedException;
import dev.weightcast.api.TransferTimeoutException;
import dev.weightcast.api.WeightTransferException;
import dev.weightcast.rendezvous.TcpStoreClient;
import dev.weightcast.spi.collective.PeerFailure;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * One rank that lives on while the other's process is killed or stopped, again and again: always
 * the same engine, always the same port.
 */
final class FaultSurvivor implements Gate, AutoCloseable {

  /** What came of one fault. */
  record Row(String phase, Duration after, WeightTransferException failure) {

    /** The rank that the failure names, or -1. */
    int rank() {
      for (Throwable e = failure; e != null; e = e.getCause()) {
        if (e instanceof RankFailedException failed) {
          return failed.rank();
        }
        if (e instanceof PeerFailure failed) {
          return failed.rank();
        }
      }
      return -1;
    }

    boolean isTimeout() {
      return failure instanceof TransferTimeoutException;
    }
  }

  private static final Duration PATIENCE = Duration.ofSeconds(40);

  private final boolean childIsTrainer;
  private final boolean kills;
  private final Duration timeout;
  private final FaultRank rank;
  private final Deque<FaultChild> children = new ArrayDeque<>();
  private final List<FaultChild> all = new ArrayList<>();
  private final int port;
  private volatile String ownStop = "";
  private volatile CountDownLatch here = new CountDownLatch(1);
  private volatile CountDownLatch signalled = new CountDownLatch(1);
  private volatile long signalledAt;

  FaultSurvivor(boolean childIsTrainer, boolean kills, Duration timeout) throws Exception {
    this.childIsTrainer = childIsTrainer;
    this.kills = kills;
    this.timeout = timeout;
    this.rank = new FaultRank(!childIsTrainer, timeout, this);
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
  }

  private FaultChild nextChild() throws Exception {
    while (children.size() < 2) {
      FaultChild child = new FaultChild(childIsTrainer, Duration.ofSeconds(20));
      children.add(child);
      all.add(child);
    }
    FaultChild child = children.remove();
    child.await("READY");
    return child;
  }

  /** Goes through the phases, with a recovery after each. */
  List<Row> run(List<String> phases) throws Exception {
    List<Row> rows = new ArrayList<>();
    FaultChild child = nextChild();
    for (String phase : phases) {
      rows.add(fault(child, phase));
      child.kill();
      child = nextChild();
      recover(child);
    }
    child.kill();
    return rows;
  }

  private void recover(FaultChild child) throws Exception {
    child.order(port, 2, "nowhere");
    rank.init(port, 2);
    rank.transfer();
    child.await("DONE");
  }

  private Row fault(FaultChild child, String phase) throws Exception {
    signalled = new CountDownLatch(1);
    here = new CountDownLatch(1);
    boolean joining = phase.equals("store join");
    boolean atOwnGate = phase.equals("id exchange") && !childIsTrainer;
    ownStop = atOwnGate ? phase : "";
    int worldSize = joining ? 3 : 2; // the third never comes
    child.order(port, worldSize, atOwnGate ? "nowhere" : phase);
    CompletableFuture<Row> failing =
        CompletableFuture.supplyAsync(() -> untilItFails(phase, worldSize), OwnThread.EACH);
    if (joining) {
      awaitBothInStore();
    } else if (atOwnGate) {
      here.await(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } else {
      child.await(phase.equals("idle") ? "DONE" : "AT " + phase);
    }
    if (kills) {
      child.kill();
    } else {
      child.stop();
    }
    signalledAt = System.nanoTime();
    signalled.countDown();
    return failing.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  private void awaitBothInStore() {
    Deadline deadline = Deadline.after(PATIENCE);
    try (TcpStoreClient store = TcpStoreClient.connect("127.0.0.1", port, deadline)) {
      store.await(List.of("weightcast/will/0", "weightcast/will/1"), deadline);
    }
  }

  private Row untilItFails(String phase, int worldSize) {
    long start = System.nanoTime();
    try {
      rank.init(port, worldSize);
      for (int transfer = 0; transfer < 3; transfer++) {
        start = System.nanoTime();
        rank.transfer();
        if (!signalled.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
          throw new AssertionError("nobody was signalled in " + phase);
        }
      }
      throw new AssertionError("three transfers went well after a fault in " + phase);
    } catch (WeightTransferException e) {
      long from = kills ? Math.max(start, signalledAt) : start + timeout.toNanos();
      return new Row(phase, Duration.ofNanos(System.nanoTime() - from), e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void at(String phase) {
    if (phase.equals(ownStop)) {
      here.countDown();
      try {
        if (!signalled.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
          throw new AssertionError("nobody was signalled in " + phase);
        }
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }

  /** Leaves, and gives what is still open on the device. */
  int leave() {
    rank.close();
    return rank.open();
  }

  @Override
  public void close() {
    all.forEach(FaultChild::close);
    rank.close();
  }
}
