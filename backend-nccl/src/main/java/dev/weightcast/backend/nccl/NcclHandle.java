package dev.weightcast.backend.nccl;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.TransferAbortedException;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferPhase;
import dev.weightcast.api.TransferTimeoutException;
import dev.weightcast.api.WeightTransferException;
import dev.weightcast.spi.collective.ProcessGroup;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One non-blocking NCCL communicator, from the beginning of its init to its abort.
 *
 * <p>NCCL allows one call at a time on it, so every call holds the lock, and none takes long: what
 * goes on in the background is polled, and the lock is free between two looks. That is how an abort
 * gets through. The abort itself may take its time (it waits for kernels and threads of NCCL's that
 * it has told to stop), so it has a thread of its own, and it never gives the lock back: whoever
 * finds it taken looks whether there is an abort, and nobody waits for one but {@link #close}, and
 * that not for ever.
 */
final class NcclHandle implements AutoCloseable {

  private static final Logger LOG = System.getLogger("dev.weightcast.backend.nccl");

  /** About what a launch takes in the background: so long it is worth spinning for. */
  private static final long LAUNCH_NANOS = TimeUnit.MICROSECONDS.toNanos(300);

  /** How long closing waits for an abort. It takes a fraction of a second, if nothing is broken. */
  private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(10);

  /** How long a failed init waits for its abort: the time for it is over, or somebody cancelled. */
  private static final Duration INIT_PATIENCE = Duration.ofMillis(150);

  private static final long LOCK_LOOK_MILLIS = 5;

  private final NcclLibrary nccl;
  private final NcclTexts texts;
  private final int device;
  private final Duration timeout;
  private final Peers peers;
  private final NcclLibrary.HandleCell cell;
  private final ReentrantLock lock = new ReentrantLock();
  private final int[] state = new int[1];
  private final CountDownLatch gone = new CountDownLatch(1);
  private final AtomicReference<@Nullable String> aborted = new AtomicReference<>();
  private volatile @Nullable WeightTransferException failed;

  /** One call that NCCL may go on with in the background. */
  @FunctionalInterface
  interface Call {
    int run(NcclLibrary nccl, int device, long communicator);
  }

  private NcclHandle(NcclLibrary nccl, NcclTexts texts, int device, Duration timeout, Peers peers) {
    this.nccl = nccl;
    this.texts = texts;
    this.device = device;
    this.timeout = timeout;
    this.peers = peers;
    this.cell = nccl.newCell();
  }

  /**
   * Makes a communicator, with all ranks of the group.
   *
   * @param id where they meet
   * @param peers what else is known of them; told before anything is aborted
   * @return the communicator, ready for collectives; if it fails nothing is left
   */
  static NcclHandle init(
      NcclLibrary nccl, ProcessGroup group, int device, byte[] id, Peers peers, Deadline deadline) {
    NcclTexts texts = new NcclTexts(nccl, group, "cuda:" + device);
    NcclHandle handle = new NcclHandle(nccl, texts, device, deadline.timeout(), peers);
    try {
      handle.init(group, id, deadline);
      return handle;
    } catch (RuntimeException e) {
      RuntimeException told = peers.explain(e, deadline);
      handle.abort(String.valueOf(told.getMessage()));
      handle.awaitAbort(INIT_PATIENCE);
      throw told;
    } catch (Error e) {
      handle.abort(e.toString());
      handle.awaitAbort(INIT_PATIENCE);
      throw e;
    }
  }

  private void init(ProcessGroup group, byte[] id, Deadline deadline) {
    String call = "ncclCommInitRankConfig";
    String phase = TransferPhase.COMMUNICATOR_INIT.toString();
    int status;
    lock.lock();
    try {
      status = nccl.initRank(device, cell, group.worldSize(), id, group.rank());
    } finally {
      lock.unlock();
    }
    status = await(call, phase, status, TransferPhase.COMMUNICATOR_INIT, deadline);
    if (status != NcclLibrary.SUCCESS) {
      throw new TransferException(
          texts.failure(call, phase, status), TransferPhase.COMMUNICATOR_INIT, 0, 0, null);
    }
  }

  /**
   * Enqueues a collective, and returns when it is on its stream.
   *
   * <p>The first collective makes connections, so it may have to wait for the other ranks. An abort
   * ends that; without one, the time that init had does.
   *
   * @throws WeightTransferException if NCCL refuses, or the communicator is no more
   */
  void enqueue(String call, Call body) {
    int status;
    lockFor(call);
    try {
      checkUsable(call);
      status = body.run(nccl, device, cell.value());
    } finally {
      lock.unlock();
    }
    if (status == NcclLibrary.IN_PROGRESS) {
      status = await(call, "a collective", status, TransferPhase.DRAIN, Deadline.after(timeout));
    }
    if (status != NcclLibrary.SUCCESS) {
      throw remember(texts.failure(call, "a collective", status));
    }
  }

  /** Polls until the call has ended, one way or the other, and gives its status. */
  private int await(String call, String doing, int status, TransferPhase phase, Deadline deadline) {
    int now = status;
    try {
      Poll poll = new Poll(Long.MAX_VALUE, LAUNCH_NANOS);
      while (now == NcclLibrary.IN_PROGRESS) {
        if (deadline.isOver()) {
          throw over(call, doing, phase, deadline);
        }
        Optional<WeightTransferException> peer = peers.failure();
        if (peer.isPresent()) {
          throw peer.get();
        }
        boolean again = poll.pause();
        assert again;
        now = look(call);
      }
      return now;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TransferAbortedException(
          texts.who() + " was interrupted in " + call + " during " + doing, phase, 0, 0, e);
    }
  }

  /** Takes the lock, unless an abort has it, which may never give it back. */
  private void lockFor(String call) {
    boolean interrupted = false;
    boolean locked = false;
    try {
      while (!locked) {
        checkUsable(call);
        try {
          locked = lock.tryLock(LOCK_LOOK_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
          interrupted = true; // whoever waits for the call to end notices
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private int look(String call) {
    lockFor(call);
    try {
      checkUsable(call);
      int status = nccl.asyncError(cell.value(), state);
      return status == NcclLibrary.SUCCESS ? state[0] : status;
    } finally {
      lock.unlock();
    }
  }

  private TransferException over(
      String call, String doing, TransferPhase phase, Deadline deadline) {
    Optional<String> reason = deadline.cancellation();
    String where = call + " on " + texts.who() + " during " + doing;
    return reason.isPresent()
        ? new TransferAbortedException(where + " was cancelled: " + reason.get(), phase, 0, 0, null)
        : new TransferTimeoutException(
            where + " did not end within " + deadline.timeout() + ": other ranks did not take part",
            deadline.timeout(),
            phase,
            0,
            0,
            List.of(),
            null);
  }

  private void checkUsable(String call) {
    String reason = aborted.get();
    if (reason != null) {
      throw new WeightTransferException(
          call + " was refused: the communicator of " + texts.who() + " was aborted: " + reason);
    }
  }

  /** What NCCL has noticed by itself; empty also while another call is under way. */
  Optional<WeightTransferException> failure() {
    if (failed == null && aborted.get() == null && lock.tryLock()) {
      try {
        if (aborted.get() == null) {
          int status = nccl.asyncError(cell.value(), state);
          int now = status == NcclLibrary.SUCCESS ? state[0] : status;
          if (now != NcclLibrary.SUCCESS && now != NcclLibrary.IN_PROGRESS) {
            remember(texts.failure("ncclCommGetAsyncError", "a collective", now));
          }
        }
      } finally {
        lock.unlock();
      }
    }
    return Optional.ofNullable(failed);
  }

  private WeightTransferException remember(String text) {
    WeightTransferException first = failed;
    if (first == null) {
      first = new WeightTransferException(text);
      failed = first;
    }
    return first;
  }

  /**
   * Ends everything under way; returns at once. Only the first call does anything. The other ranks
   * are told first, if the way to them is quick: else they would hear of it from NCCL, and not why.
   */
  void abort(String reason) {
    if (!aborted.compareAndSet(null, reason)) {
      return;
    }
    peers.tell(reason);
    Thread thread = new Thread(this::abortNow, "weightcast-nccl-abort");
    thread.setDaemon(true);
    thread.start();
  }

  private void abortNow() {
    try {
      peers.awaitTold();
    } finally {
      giveBack(); // whatever happens there: nobody else does it
    }
  }

  private void giveBack() {
    lock.lock();
    try {
      long communicator = cell.value();
      int status = communicator == 0 ? NcclLibrary.SUCCESS : nccl.abort(device, communicator);
      if (status != NcclLibrary.SUCCESS && status != NcclLibrary.IN_PROGRESS) {
        LOG.log(Level.WARNING, "{0}", texts.failure("ncclCommAbort", "leaving", status));
      }
      cell.close(); // nothing looks into it after an abort
    } finally {
      lock.unlock();
      gone.countDown();
    }
  }

  /** Aborts, and waits until NCCL has given back what it held; not for ever. */
  @Override
  public void close() {
    abort("it was closed");
    if (!awaitAbort(CLOSE_PATIENCE)) {
      LOG.log(
          Level.WARNING,
          "ncclCommAbort of {0} has not returned after {1}; what NCCL holds is left to it",
          texts.who(),
          CLOSE_PATIENCE);
    }
  }

  /** Whether the abort has ended in time. An interruption does not shorten the wait. */
  private boolean awaitAbort(Duration patience) {
    boolean interrupted = false;
    boolean done = false;
    long start = System.nanoTime();
    long left = patience.toNanos();
    while (!done && left > 0) {
      try {
        done = gone.await(left, TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
      left = patience.toNanos() - (System.nanoTime() - start);
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return done;
  }
}
