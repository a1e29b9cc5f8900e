package dev.weightcast.spi.collective;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.Deadline;
import dev.weightcast.api.DeviceEvent;
import dev.weightcast.api.EngineState;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.Packing;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TransferListener;
import dev.weightcast.api.TransferPhase;
import dev.weightcast.api.TransferPlan;
import dev.weightcast.api.TransferProgress;
import dev.weightcast.api.WeightTransferConfig;
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
  private final Membership membership;
  private final FailureTranslation failures;
  private Consumer<Throwable> onFailure = failure -> {};
  private Consumer<Bucket> onDrained = bucket -> {};
  private BucketChecksums checksums = BucketChecksums.OFF;
  private boolean inPeace;
  private @Nullable Scratch scratch;

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
    this.membership = new Membership(config.root());
    this.failures = new FailureTranslation(backend, membership);
  }

  /** Whom to tell what an operation has failed with, before the engine says that it has. */
  void onFailure(Consumer<Throwable> listener) {
    onFailure = listener;
  }

  /** The body of an operation. */
  interface Body<T> {
    T run(OperationProgress progress) throws InterruptedException;
  }

  EngineState state() {
    return lifecycle.state();
  }

  /** Whom to tell of each bucket that has gone all the way. */
  void onDrained(Consumer<Bucket> listener) {
    onDrained = listener;
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

  Membership membership() {
    return membership;
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
          membership.leave(inPeace);
          inPeace = false;
          membership.enter(next);
          // What an operation that failed has left on the streams may still use the slots.
          progress.enter(TransferPhase.DRAIN);
          if (!ring.quiesce(progress.deadline())) {
            throw progress.over(List.of(), null);
          }
          progress.enter(TransferPhase.RENDEZVOUS);
          Scratch ready = scratch == null ? Scratch.make(runtime) : scratch;
          scratch = ready; // before the communicator: see Scratch
          membership.joined(factory.join(next, runtime, progress.deadline()));
          progress.attend();
          progress.enter(TransferPhase.WARM_UP);
          warmUp(new InBandExchange(membership.communicator(), ready, this::await), progress);
          inPeace = true;
          return next;
        });
  }

  /** The first collective, in which ranks without a channel find out whether they are all ours. */
  private void warmUp(InBandExchange exchange, OperationProgress progress)
      throws InterruptedException {
    if (membership.communicator().sideChannel().isPresent()) {
      exchange.meet(progress);
    } else if (InBandAgreement.isAllOurs(exchange, progress)) {
      membership.areAllOurs(exchange);
    }
  }

  /** Moves on without waiting for anybody. */
  void step(EngineLifecycle.Operation operation, Runnable action) {
    lifecycle.begin(operation, config.startDeadline());
    try {
      action.run();
    } finally {
      lifecycle.end(null);
    }
  }

  /**
   * Runs one operation under its deadline; whatever fails in it is told in the operation's words.
   */
  <T> T transfer(EngineLifecycle.Operation operation, Body<T> body) {
    return perform(
        operation,
        TransferPhase.PLAN,
        progress -> {
          progress.attend();
          return body.run(progress);
        });
  }

  private <T> T perform(EngineLifecycle.Operation operation, TransferPhase phase, Body<T> body) {
    Deadline deadline = config.startDeadline();
    lifecycle.begin(operation, deadline);
    @Nullable Throwable failure = null;
    try {
      return guarded(operation, deadline, phase, body);
    } catch (RuntimeException | Error e) {
      failure = e;
      abandon(e);
      onFailure.accept(e);
      throw e;
    } finally {
      lifecycle.end(failure); // whatever happens: an operation that never ends blocks the engine
    }
  }

  private <T> T guarded(
      EngineLifecycle.Operation operation, Deadline deadline, TransferPhase phase, Body<T> body) {
    OperationProgress progress =
        new OperationProgress(operation.method(), deadline, membership.describe(), phase);
    Watchdog watchdog =
        Watchdog.arm(
            deadline,
            () -> progress.isInTrouble(membership::failure),
            () -> membership.abort(progress.endedFromOutside()),
            "weightcast-" + backend + "-watchdog");
    boolean interrupted = false;
    try {
      return body.run(progress);
    } catch (Exception e) { // also checked ones: a success would be the worst to make of them
      boolean ours = watchdog.hasInterrupted();
      interrupted = !ours && FailureTranslation.isInterruption(e);
      throw failures.told(e, progress);
    } finally {
      watchdog.disarm();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  FailureTranslation failures() {
    return failures;
  }

  /** Waits for an event, looking after the deadline and the communicator meanwhile. */
  void await(DeviceEvent event, OperationProgress progress) throws InterruptedException {
    Deadline deadline = progress.deadline();
    while (!event.await(deadline.slice())) {
      membership.checkHealth(progress);
      if (deadline.isOver()) {
        throw progress.over(missingRanks(), null);
      }
    }
    // An aborted collective ends like a finished one: only this tells which it was.
    membership.checkHealth(progress);
    if (deadline.isOver()) {
      throw progress.over(missingRanks(), null);
    }
  }

  /** What checks the transfer under way; nothing, before it is agreed on. */
  BucketChecksums checksums() {
    return checksums;
  }

  List<Integer> missingRanks() {
    return membership.missingRanks();
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
    checksums.drained(bucket);
    progress.completed(bucket);
    onDrained.accept(bucket);
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

  /**
   * Compares with the other ranks what is about to be transferred, as far as they can be asked.
   *
   * @param version what the root calls the weights
   * @return the version that the root has announced
   */
  Optional<String> agree(
      Packing packing, List<TensorSpec> specs, Optional<String> version, OperationProgress progress)
      throws InterruptedException {
    progress.cannotCheck(membership.uncheckable());
    checksums = BucketChecksums.of(config.checksums(), membership, LOG);
    TransferAgreement agreement = membership.agreement().orElse(null);
    if (agreement == null) {
      return Optional.empty();
    }
    TransferProposal mine = TransferProposal.of(config.root(), packing, config.checksums(), specs);
    return agreement.agree(mine, specs, version, progress);
  }

  /** Tells the root, if it can be told, that this worker has loaded everything. */
  void acknowledge(OperationProgress progress) throws InterruptedException {
    TransferAgreement agreement = membership.agreement().orElse(null);
    if (agreement != null) {
      agreement.acknowledge(progress);
    }
    progress.settle();
  }

  /**
   * Waits until every worker that can say so has everything.
   *
   * @return those workers
   */
  List<Integer> awaitAcknowledgements(OperationProgress progress) throws InterruptedException {
    TransferAgreement agreement = membership.agreement().orElse(null);
    if (agreement == null) {
      return List.of();
    }
    agreement.awaitAcknowledgements(progress);
    return agreement.others();
  }

  /** Waits for all that is under way, oldest first; after it nothing of the plan has failed. */
  void drain(BucketPlan plan, OperationProgress progress) throws InterruptedException {
    for (PackedBuffer slot : ring.oldestFirst(plan.buckets().size())) {
      free(slot, progress, plan);
    }
    membership.checkHealth(progress);
  }

  private void tell(OperationProgress progress, Consumer<TransferListener> what) {
    try {
      what.accept(config.listener());
    } catch (Exception e) { // also checked ones: not every listener is written in Java
      throw failures.thrownBy("the listener", e, progress);
    }
  }

  /** Ends what the communicator has under way and, in good time, what stands on it. */
  void abandon(Throwable failure) {
    inPeace = false;
    String message = failure.getMessage();
    membership.abort(
        message == null ? failure.toString() : message); // what the other ranks are told
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

  void close() {
    lifecycle.close(CLOSE_PATIENCE);
  }

  private void cleanUp() {
    membership.leave(inPeace);
    if (!letGo(CLOSE_PATIENCE)) {
      LOG.log(Level.WARNING, "{0} engine closed while its streams were still busy", backend);
    }
    ring.close();
    if (scratch != null) {
      scratch.close();
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
}
