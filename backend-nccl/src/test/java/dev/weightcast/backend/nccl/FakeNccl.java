package dev.weightcast.backend.nccl;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;

/** NCCL as the test writes it: what calls answer, what polling finds, how long an abort takes. */
final class FakeNccl implements NcclLibrary {

  static final long COMMUNICATOR = 0xC0;

  final List<String> calls = new ArrayList<>();
  final AtomicInteger aborts = new AtomicInteger();
  final AtomicInteger cellsOpen = new AtomicInteger();
  final CountDownLatch abortCalled = new CountDownLatch(1);
  volatile CountDownLatch abortMayReturn = new CountDownLatch(0);
  volatile Runnable onAbort = () -> {};
  volatile int version = 22809;
  volatile int initStatus = IN_PROGRESS;
  volatile int collectiveStatus = SUCCESS;
  volatile int uniqueIdStatus = SUCCESS;
  volatile IntSupplier state = () -> SUCCESS;
  volatile String lastError = "";

  private synchronized void note(String call) {
    calls.add(call);
  }

  @Override
  public int version(int[] code) {
    code[0] = version;
    return SUCCESS;
  }

  @Override
  public int uniqueId(byte[] id) {
    id[0] = 42;
    return uniqueIdStatus;
  }

  @Override
  public HandleCell newCell() {
    cellsOpen.incrementAndGet();
    return new HandleCell() {
      @Override
      public long value() {
        return COMMUNICATOR;
      }

      @Override
      public void close() {
        cellsOpen.decrementAndGet();
      }
    };
  }

  @Override
  public int initRank(int device, HandleCell cell, int worldSize, byte[] id, int rank) {
    note("init device " + device + " world " + worldSize + " rank " + rank + " id " + id[0]);
    return initStatus;
  }

  @Override
  public int asyncError(long communicator, int[] into) {
    if (aborts.get() > 0) {
      throw new AssertionError("used after its abort");
    }
    into[0] = state.getAsInt();
    return SUCCESS;
  }

  @Override
  public int abort(int device, long communicator) {
    onAbort.run();
    aborts.incrementAndGet();
    abortCalled.countDown();
    try {
      abortMayReturn.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    return SUCCESS;
  }

  @Override
  public int broadcast(
      int device, long address, long count, int type, int root, long communicator, long stream) {
    note("broadcast " + address + " count " + count + " type " + type + " root " + root);
    return collectiveStatus;
  }

  @Override
  public int allReduceSum(
      int device, long address, long count, int type, long communicator, long stream) {
    note("allReduce " + address + " count " + count + " type " + type);
    return collectiveStatus;
  }

  @Override
  public String errorText(int status) {
    return "NCCL's text of " + status;
  }

  @Override
  public String lastError() {
    return lastError;
  }
}
