package dev.weightcast.backend.nccl;

import dev.weightcast.api.DeviceException;
import dev.weightcast.api.TransferAbortedException;
import dev.weightcast.api.TransferPhase;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A few blocks of pinned memory that all copies between pageable memory and the device go through,
 * so that they overlap with what the device does otherwise. Pinned with the first such copy.
 *
 * <p>A thread that needs a block waits for the oldest one. The device wakes it, by passing the
 * block's event; a stream that is stuck behind a collective is freed by the communicator's abort;
 * closing the runtime and interrupting the thread end the wait too.
 */
final class Staging implements AutoCloseable {

  private static final Duration LOOK = Duration.ofMillis(10);

  private final CudaRuntime runtime;
  private final int count;
  private final int blockBytes;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition returned = lock.newCondition();
  private final Deque<StagingBlock> resting = new ArrayDeque<>();
  private final List<StagingBlock> all = new ArrayList<>();
  private long pinned;

  Staging(CudaRuntime runtime, int count, int blockBytes) {
    this.runtime = runtime;
    this.count = count;
    this.blockBytes = blockBytes;
  }

  /** A block that nobody uses; give it back with {@link #giveBack}. */
  StagingBlock take() {
    try {
      StagingBlock block = oldest();
      try {
        while (!block.idle().await(LOOK)) {
          checkOpen();
          runtime.checkChannels("waiting for pinned memory");
        }
        block.settle();
        return block;
      } catch (InterruptedException | RuntimeException | Error e) {
        giveBack(block);
        throw e;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TransferAbortedException(
          "interrupted while waiting for pinned memory on " + runtime.device(),
          TransferPhase.DRAIN,
          0,
          0,
          e);
    }
  }

  private StagingBlock oldest() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      if (all.isEmpty()) {
        pin();
      }
      while (resting.isEmpty()) {
        checkOpen();
        runtime.checkChannels("waiting for pinned memory");
        long left = returned.awaitNanos(LOOK.toNanos());
        assert left <= LOOK.toNanos();
      }
      checkOpen();
      return resting.removeFirst();
    } finally {
      lock.unlock();
    }
  }

  /** Hands a block on; its idle event must have been recorded behind the last use. */
  void giveBack(StagingBlock block) {
    lock.lock();
    try {
      resting.addLast(block);
      returned.signal();
    } finally {
      lock.unlock();
    }
  }

  private void pin() {
    checkOpen();
    CudaCalls calls = runtime.calls();
    long[] address = new long[1];
    long total = (long) count * blockBytes;
    calls.check(
        "cudaHostAlloc of " + total + " bytes for staging",
        calls.cuda().allocatePinned(calls.ordinal(), total, address));
    pinned = address[0];
    try {
      for (int i = 0; i < count; i++) {
        long start = pinned + (long) i * blockBytes;
        all.add(
            new StagingBlock(
                start, calls.cuda().pinnedBytes(start, blockBytes), runtime.createInternalEvent()));
      }
    } catch (RuntimeException | Error e) {
      unpin();
      throw e;
    }
    resting.addAll(all);
    runtime.ledger().opened(this, "staging", total + " bytes of pinned host memory", 0);
  }

  private void unpin() {
    all.forEach(block -> block.idle().close());
    all.clear();
    resting.clear();
    CudaCalls calls = runtime.calls();
    long address = pinned;
    runtime.releaseMemory(this, "cudaFreeHost", cuda -> cuda.freePinned(calls.ordinal(), address));
  }

  private void checkOpen() {
    if (runtime.isClosed()) {
      throw new DeviceException("the runtime of " + runtime.device() + " is closed");
    }
  }

  /**
   * Whether nobody has a block and no stream, of whomever, uses one. A stream that has failed does
   * not.
   */
  boolean isIdle() {
    lock.lock();
    try {
      return resting.size() == all.size() && all.stream().allMatch(Staging::isIdle);
    } finally {
      lock.unlock();
    }
  }

  private static boolean isIdle(StagingBlock block) {
    try {
      return block.idle().query();
    } catch (DeviceException e) {
      return true;
    }
  }

  /** Gives the pinned memory back. No stream may use it any more. */
  @Override
  public void close() {
    lock.lock();
    try {
      if (!all.isEmpty()) {
        unpin();
      }
    } finally {
      lock.unlock();
    }
  }
}
