package dev.weightcast.spi.collective;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.DataType;
import dev.weightcast.api.Deadline;
import dev.weightcast.api.DeviceBuffer;
import dev.weightcast.api.DeviceEvent;
import dev.weightcast.api.DeviceStream;
import dev.weightcast.api.EngineState;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.Packing;
import dev.weightcast.api.TensorMismatchException;
import dev.weightcast.api.TransferAbortedException;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferListener;
import dev.weightcast.api.TransferPhase;
import dev.weightcast.api.TransferPlan;
import dev.weightcast.api.TransferProgress;
import dev.weightcast.api.TransferReport;
import dev.weightcast.api.WeightTransferConfig;
import dev.weightcast.api.WeightTransferException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What both engines have in common: one guarded operation at a time, the group, and the ring. */
final class CollectiveEngine {

  private static final Logger LOG = System.getLogger("dev.weightcast");

  /** What an aborted communicator gets to let its streams go before the caller is told. */
  private static final Duration ABORT_GRACE = Duration.ofMillis(150);

  /** How long close waits for the thread of an operation, and for the streams. */
  private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(10);

  private final String backend;
  private final CommunicatorFactory factory;
  private final DeviceRuntime runtime;
  private final WeightTransferConfig config;
  private final PackedRing ring;
  private final EngineLifecycle lifecycle = new EngineLifecycle(this::cleanUp);
  private volatile @Nullable Communicator communicator;
  private @Nullable ProcessGroup group;
  private @Nullable WarmUp warmUp;

  CollectiveEngine(
      String backend,
      CommunicatorFactory factory,
      DeviceRuntime runtime,
      WeightTransferConfig config) {
    this.backend = backend;
    this.factory = factory;
    this.runtime = runtime;
    this.config = config;
    this.ring = new PackedRing(runtime);
  }

  /** The body of an operation. */
  interface Body<T> {
    T run(OperationProgress progress) throws InterruptedException;
  }

  EngineState state() {
    return lifecycle.state();
  }

  DeviceRuntime runtime() {
    return runtime;
  }

  CommunicatorFactory factory() {
    return factory;
  }

  PackedRing ring() {
    return ring;
  }

  int root() {
    return config.root();
  }

  /** The live channel; an operation that needs it is only let in while there is one. */
  Communicator communicator() {
    Communicator present = communicator;
    if (present == null) {
      throw new IllegalStateException("no communicator in state " + state());
    }
    return present;
  }

  ProcessGroup group() {
    ProcessGroup present = group;
    if (present == null) {
      throw new IllegalStateException("no group in state " + state());
    }
    return present;
  }

  /** Joins a group, leaving the one before. */
  void init(ProcessGroup next) {
    BroadcastInitInfo info = next.info();
    if (config.root() >= info.worldSize()) {
      throw new InvalidInfoException(
          "root " + config.root() + " is outside the group of world_size " + info.worldSize());
    }
    perform(
        EngineLifecycle.Operation.INIT,
        TransferPhase.RENDEZVOUS,
        progress -> {
          progress.identify(next);
          leave("the engine is initialised anew");
          group = next;
          // What an operation that failed has left on the streams may still use the slots.
          progress.enter(TransferPhase.DRAIN);
          if (!ring.quiesce(progress.deadline())) {
            throw progress.over(List.of(), null);
          }
          progress.enter(TransferPhase.RENDEZVOUS);
          WarmUp ready = warmUp == null ? WarmUp.make(runtime) : warmUp;
          warmUp = ready; // before the communicator: see WarmUp
          Communicator joined = factory.join(next, runtime, progress.deadline());
          communicator = joined;
          progress.enter(TransferPhase.WARM_UP);
          joined.allReduceSum(ready.buffer(), 0, 1, DataType.FLOAT32, ready.stream());
          ready.stream().recordEvent(ready.done());
          await(ready.done(), progress);
          return next;
        });
  }

  /** Moves on without waiting for anybody. */
  void step(EngineLifecycle.Operation operation) {
    lifecycle.begin(operation, config.startDeadline());
    lifecycle.end(null);
  }

  /**
   * Runs one operation under its deadline; whatever fails in it is told in the operation's words.
   */
  <T> T perform(EngineLifecycle.Operation operation, TransferPhase phase, Body<T> body) {
    Deadline deadline = config.startDeadline();
    lifecycle.begin(operation, deadline);
    @Nullable Throwable failure = null;
    try {
      return guarded(operation, deadline, phase, body);
    } catch (RuntimeException | Error e) {
      failure = e;
      abandon(e);
      throw e;
    } finally {
      lifecycle.end(failure); // whatever happens: an operation that never ends blocks the engine
    }
  }

  private <T> T guarded(
      EngineLifecycle.Operation operation, Deadline deadline, TransferPhase phase, Body<T> body) {
    ProcessGroup known = group;
    String who = known == null ? "this rank" : known.toString();
    OperationProgress progress = new OperationProgress(operation.method(), deadline, who, phase);
    Watchdog watchdog =
        Watchdog.arm(
            deadline,
            () -> abort("the deadline of " + operation.method() + " is over"),
            "weightcast-" + backend + "-watchdog");
    boolean interrupted = false;
    try {
      return body.run(progress);
    } catch (InterruptedException e) {
      interrupted = !watchdog.hasInterrupted();
      throw interrupted(progress, e);
    } catch (Exception e) { // also checked ones: a success would be the worst to make of them
      interrupted = e.getCause() instanceof InterruptedException && !watchdog.hasInterrupted();
      throw inContext(progress, e);
    } finally {
      watchdog.disarm();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private TransferException interrupted(OperationProgress progress, InterruptedException cause) {
    return progress.deadline().isOver()
        ? progress.over(missingRanks(), null)
        : progress.aborted("its thread was interrupted", cause);
  }

  private RuntimeException inContext(OperationProgress progress, Exception e) {
    boolean over = progress.deadline().isOver();
    if (e instanceof TransferAbortedException
        && e.getCause() instanceof InterruptedException
        && over) {
      // A join that does not look at the deadline knows only that the watchdog has interrupted it.
      return progress.over(missingRanks(), e);
    }
    if (e instanceof TransferException told) {
      return told;
    }
    if (e instanceof InvalidInfoException invalid) {
      return invalid;
    }
    if (over) {
      return progress.over(missingRanks(), e);
    }
    return e instanceof TensorMismatchException mismatch
        ? mismatch
        : progress.failed("the " + backend + " backend", e);
  }

  /** Waits for an event, looking after the deadline and the communicator meanwhile. */
  void await(DeviceEvent event, OperationProgress progress) throws InterruptedException {
    Deadline deadline = progress.deadline();
    while (!event.await(deadline.slice())) {
      checkHealth(progress);
      if (deadline.isOver()) {
        throw progress.over(missingRanks(), null);
      }
    }
    // An aborted collective ends like a finished one: only this tells which it was.
    checkHealth(progress);
    if (deadline.isOver()) {
      throw progress.over(missingRanks(), null);
    }
  }

  private void checkHealth(OperationProgress progress) {
    Optional<WeightTransferException> failure = communicator().failure();
    if (failure.isPresent()) {
      throw progress.failed("the communicator", failure.get());
    }
  }

  List<Integer> missingRanks() {
    Communicator present = communicator;
    return present == null ? List.of() : present.missingRanks();
  }

  /** The slot for the next bucket, as soon as there is room for it. */
  PackedBuffer claim(Bucket bucket, OperationProgress progress, BucketPlan plan)
      throws InterruptedException {
    Iterator<PackedBuffer> older = ring.oldestFirst(bucket.index()).iterator();
    while (!ring.hasRoomFor(bucket)) {
      free(older.next(), progress, plan);
    }
    progress.enter(TransferPhase.bucket(bucket.index() + 1, plan.buckets().size()));
    return ring.slotFor(bucket);
  }

  /** Waits until a slot is free, and counts the bucket that was in it. */
  private void free(PackedBuffer slot, OperationProgress progress, BucketPlan plan)
      throws InterruptedException {
    Bucket bucket = slot.inFlight();
    if (bucket == null) {
      return;
    }
    progress.enter(TransferPhase.bucket(bucket.index() + 1, plan.buckets().size()));
    await(slot.drained(), progress);
    slot.release();
    progress.completed(bucket);
    TransferProgress told =
        new TransferProgress(
            progress.bucketsDone(),
            plan.buckets().size(),
            progress.bytesDone(),
            plan.byteSize(),
            progress.deadline().elapsed());
    tell(progress, listener -> listener.progressed(told));
  }

  /** Announces the plan and prepares the slots; their memory is reserved by whoever needs it. */
  void prepare(BucketPlan plan, Packing packing, OperationProgress progress) {
    TransferPlan summary = plan.summary(packing.numBuffers());
    progress.planned(plan.byteSize());
    tell(progress, listener -> listener.planned(summary));
    ring.prepare(
        plan.slots(packing.numBuffers()), packing.packed() ? 1 : PackedRing.UNPACKED_TURNS);
  }

  /** Waits for all that is under way, oldest first, and sums up. */
  TransferReport drain(BucketPlan plan, OperationProgress progress, int tensors)
      throws InterruptedException {
    for (PackedBuffer slot : ring.oldestFirst(plan.buckets().size())) {
      free(slot, progress, plan);
    }
    return new TransferReport(
        tensors,
        plan.byteSize(),
        plan.buckets().size(),
        ring.byteSize(),
        progress.deadline().elapsed());
  }

  private void tell(OperationProgress progress, Consumer<TransferListener> what) {
    try {
      what.accept(config.listener());
    } catch (Exception e) { // also checked ones: not every listener is written in Java
      throw progress.failed("the listener", e);
    }
  }

  /** Ends what the communicator has under way and, in good time, what stands on it. */
  void abandon(Throwable failure) {
    String message = failure.getMessage();
    abort(message == null ? failure.toString() : message); // what the other ranks are told
    letGo(ABORT_GRACE); // what is still busy then is waited for by the next init, or by close
  }

  /** Waits for the slots to be let go, also on a thread that has been interrupted. */
  private boolean letGo(Duration patience) {
    Deadline deadline = Deadline.after(patience);
    boolean interrupted = false;
    try {
      while (true) {
        interrupted |= Thread.interrupted();
        try {
          return ring.quiesce(deadline);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void abort(String reason) {
    Communicator present = communicator;
    if (present != null) {
      present.abort(reason);
    }
  }

  private void leave(String reason) {
    Communicator present = communicator;
    communicator = null;
    if (present != null) {
      present.abort(reason);
      present.close();
    }
  }

  void close() {
    lifecycle.close(CLOSE_PATIENCE);
  }

  private void cleanUp() {
    leave("the engine is closed");
    if (!letGo(CLOSE_PATIENCE)) {
      LOG.log(Level.WARNING, "{0} engine closed while its streams were still busy", backend);
    }
    ring.close();
    if (warmUp != null) {
      warmUp.close();
    }
    DeviceAccount left = runtime.closeAndReport();
    if (!left.isEmpty()) {
      LOG.log(
          Level.WARNING,
          "{0} engine closed with open on {1}: {2}",
          backend,
          runtime.device(),
          left);
    }
  }

  /**
   * What the warm-up works on. Made before the communicator and kept for the engine's life: an
   * allocation may wait for the whole device, and so for kernels of ranks that wait for this one.
   */
  private record WarmUp(DeviceBuffer buffer, DeviceStream stream, DeviceEvent done) {

    static WarmUp make(DeviceRuntime runtime) {
      DeviceBuffer buffer = runtime.allocate("warm-up", DataType.FLOAT32.byteSize());
      try {
        DeviceStream stream = runtime.createStream("warm-up");
        try {
          return new WarmUp(buffer, stream, runtime.createEvent());
        } catch (RuntimeException | Error e) {
          stream.close();
          throw e;
        }
      } catch (RuntimeException | Error e) {
        buffer.close();
        throw e;
      }
    }

    void close() {
      done.close();
      stream.close();
      buffer.close();
    }
  }
}
