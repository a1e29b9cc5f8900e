package dev.weightcast.backend.loopback;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.CopyingWeightLoader;
import dev.weightcast.api.DataType;
import dev.weightcast.api.Deadline;
import dev.weightcast.api.Packing;
import dev.weightcast.api.ParallelConfig;
import dev.weightcast.api.Shape;
import dev.weightcast.api.SourceTensor;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.WeightLoader;
import dev.weightcast.api.WeightPass;
import dev.weightcast.api.WeightSource;
import dev.weightcast.api.WeightTransferConfig;
import dev.weightcast.api.WeightTransferException;
import dev.weightcast.spi.BackendContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Many rounds, in each of which one thing goes wrong or nothing: nobody hangs, whoever is concerned
 * is told, everything is given back, and after joining again the bytes are right.
 *
 * <p>To run one round again: {@code -Dweightcast.seed=…} with the seed that a failure prints.
 */
class SeededFaultsTest {

  private static final int ROUNDS = 300;

  /** On a clock that the test moves by hand, where a fault is noticed by the deadline alone. */
  private static final Duration TIMEOUT = Duration.ofSeconds(40);

  /** Shorter: what is not noticed by the deadline must be noticed without it. */
  private static final Duration BOUND = Duration.ofSeconds(10);

  private static final List<DataType> TYPES =
      List.of(DataType.UINT8, DataType.FLOAT32, DataType.BFLOAT16, DataType.INT64);

  private enum Fault {
    NOTHING,
    LOADER_THROWS,
    SOURCE_THROWS,
    SOURCE_DIFFERS,
    WORKER_CLOSES,
    TRAINER_CLOSES,
    WORKER_IS_INTERRUPTED,
    TRAINER_IS_INTERRUPTED,
    WORKER_NEVER_RECEIVES,
    TRAINER_NEVER_SENDS,
    SPECS_DIFFER
  }

  @Test
  void whateverGoesWrongIsToldAndEverythingWorksAgain() throws Exception {
    Long one = Long.getLong("weightcast.seed");
    for (int round = 0; round < (one == null ? ROUNDS : 1); round++) {
      long seed = one == null ? 1_000_003L * round : one;
      try {
        new Round(seed).run();
      } catch (Exception | AssertionError e) {
        throw new AssertionError("round with seed " + seed + ": " + e.getMessage(), e);
      }
    }
  }

  /** What one rank's operation came to. */
  private static final class Operation {
    private final Thread thread;
    private volatile @Nullable Throwable failure;
    private volatile boolean wasInterrupted;

    private Operation(String name, Runnable work) {
      thread =
          new Thread(
              () -> {
                try {
                  work.run();
                } catch (Throwable e) {
                  failure = e;
                }
                wasInterrupted = Thread.currentThread().isInterrupted();
              },
              name);
      thread.start();
    }

    private static Operation skipped() {
      return new Operation("skipped", () -> {});
    }

    private void join() throws InterruptedException {
      join(() -> {});
    }

    private void join(Runnable meanwhile) throws InterruptedException {
      long end = System.nanoTime() + BOUND.toNanos();
      while (thread.isAlive() && System.nanoTime() < end) {
        meanwhile.run();
        thread.join(20);
      }
      if (thread.isAlive()) {
        throw new AssertionError(
            thread.getName() + " hangs at " + List.of(thread.getStackTrace()).subList(0, 8));
      }
    }
  }

  /** A source that counts each tensor's releases, and may go wrong at one of them. */
  private static final class CountingSource implements WeightSource {
    private final List<Tensor> tensors;
    private final List<TensorSpec> announced;
    private final int throwsAt;
    private final AtomicIntegerArray yielded;
    private final AtomicIntegerArray released;
    private final AtomicInteger open = new AtomicInteger();

    private CountingSource(List<Tensor> tensors, List<TensorSpec> announced, int throwsAt) {
      this.tensors = tensors;
      this.announced = announced;
      this.throwsAt = throwsAt;
      this.yielded = new AtomicIntegerArray(tensors.size());
      this.released = new AtomicIntegerArray(tensors.size());
    }

    @Override
    public List<TensorSpec> specs() {
      return announced;
    }

    @Override
    public WeightPass open() {
      open.incrementAndGet();
      return new WeightPass() {
        private int next;

        @Override
        public boolean hasNext() {
          return next < tensors.size();
        }

        @Override
        public SourceTensor next() {
          if (next == throwsAt) {
            throw new IllegalStateException("shard lost");
          }
          int index = next++;
          yielded.incrementAndGet(index);
          return SourceTensor.of(tensors.get(index))
              .withRelease(() -> released.incrementAndGet(index));
        }

        @Override
        public void close() {
          open.decrementAndGet();
        }
      };
    }

    private void assertGivenBack() {
      assertThat(released.toString()).as("releases").isEqualTo(yielded.toString());
      assertThat(open).as("open passes").hasValue(0);
    }
  }

  private static final class Round {
    private final Random random;
    private final Fault fault;
    private final int workers;
    private final int victim;
    private final List<TensorSpec> specs;
    private final List<Tensor> weights;
    private final AtomicLong skipped = new AtomicLong();
    private final WeightTransferConfig config =
        WeightTransferConfig.defaults()
            .withTimeout(TIMEOUT)
            .withTimeSource(() -> System.nanoTime() + skipped.get());
    private final Fleet fleet;

    private Round(long seed) {
      random = new Random(seed);
      fault = Fault.values()[random.nextInt(Fault.values().length)];
      workers = 1 + random.nextInt(4);
      victim = random.nextInt(workers);
      List<TensorSpec> drawn = RandomModel.specs(random, 1 + random.nextInt(30), TYPES);
      drawn.add(new TensorSpec("last", DataType.UINT8, Shape.of(1 + random.nextInt(200))));
      specs = List.copyOf(drawn);
      weights = RandomModel.filled(specs, random);
      fleet = new Fleet(workers, config, info -> info.withPacking(packing()));
    }

    private Packing packing() {
      return new Packing(random.nextBoolean(), 1 + random.nextInt(400), 1 + random.nextInt(4));
    }

    private void run() throws Exception {
      try {
        join();
        oneUpdateWithTheFault();
        replaceWhoClosed();
        join();
        oneGoodUpdate();
      } finally {
        fleet.close();
      }
      assertNoThreadOfOursIsLeft();
    }

    private void join() throws Exception {
      fleet.info =
          BroadcastInitInfo.ofUniqueId(fleet.trainer.createUniqueId(), workers + 1)
              .withRankOffset(1)
              .withPacking(packing());
      List<Operation> all = new ArrayList<>();
      all.add(new Operation("join-trainer", fleet::initTrainer));
      for (int i = 0; i < workers; i++) {
        int worker = i;
        all.add(new Operation("join-worker-" + i, () -> fleet.initWorker(worker)));
      }
      for (Operation each : all) {
        each.join();
        assertThat(each.failure).as("%s in %s", each.thread.getName(), this).isNull();
      }
    }

    private void oneUpdateWithTheFault() throws Exception {
      CountDownLatch begun = new CountDownLatch(1);
      CountingSource source = source();
      List<Operation> receives = new ArrayList<>();
      for (int i = 0; i < workers; i++) {
        boolean faulty = i == victim;
        receives.add(
            faulty && fault == Fault.WORKER_NEVER_RECEIVES
                ? Operation.skipped()
                : receive(i, announcedTo(faulty), loader(faulty, begun)));
      }
      Operation send =
          fault == Fault.TRAINER_NEVER_SENDS
              ? Operation.skipped()
              : new Operation("send", () -> fleet.trainer.sendWeights(source));
      meddle(begun, send, receives.get(victim));
      send.join(this::passTheTime);
      for (Operation each : receives) {
        each.join(this::passTheTime);
      }
      source.assertGivenBack();
      for (Operation each : receives) {
        assertTold(each);
      }
      assertTold(send);
      assertConcerned(send, receives);
    }

    private CountingSource source() {
      int at = random.nextInt(specs.size());
      List<Tensor> yielded = new ArrayList<>(weights);
      if (fault == Fault.SOURCE_DIFFERS) {
        TensorSpec other = new TensorSpec("other", DataType.UINT8, Shape.of(3));
        yielded.set(at, RandomModel.filled(List.of(other), random).get(0));
      }
      return new CountingSource(yielded, specs, fault == Fault.SOURCE_THROWS ? at : -1);
    }

    /** The victim is told that the last tensor, which is never empty, has one byte more. */
    private List<TensorSpec> announcedTo(boolean faulty) {
      if (!faulty || fault != Fault.SPECS_DIFFER) {
        return specs;
      }
      List<TensorSpec> other = new ArrayList<>(specs);
      long bytes = specs.get(specs.size() - 1).byteSize();
      other.set(specs.size() - 1, new TensorSpec("last", DataType.UINT8, Shape.of(bytes + 1)));
      return other;
    }

    private WeightLoader loader(boolean faulty, CountDownLatch begun) {
      int throwsAt = faulty && fault == Fault.LOADER_THROWS ? random.nextInt(specs.size()) : -1;
      boolean waits = random.nextBoolean();
      AtomicInteger seen = new AtomicInteger();
      return (views, stream, deadline) -> {
        begun.countDown();
        int first = seen.getAndAdd(views.size());
        if (first <= throwsAt && throwsAt < seen.get()) {
          throw new IllegalStateException("no such layer");
        }
        if (waits) {
          stream.synchronize(deadline);
        }
      };
    }

    private Operation receive(int index, List<TensorSpec> expected, WeightLoader loader) {
      var worker = fleet.workers.get(index);
      return new Operation(
          "receive-" + index,
          () -> {
            worker.startWeightUpdate();
            worker.receiveWeights(BroadcastUpdateInfo.of(expected), loader);
            worker.finishWeightUpdate();
          });
    }

    /** Closes or interrupts at some moment, from before the first bucket to after the last. */
    private void meddle(CountDownLatch begun, Operation send, Operation receive)
        throws InterruptedException {
      if (random.nextBoolean()) {
        begun.await(50, TimeUnit.MILLISECONDS);
      }
      LockSupport.parkNanos(ThreadLocalRandom.current().nextInt(2_000_000));
      switch (fault) {
        case WORKER_CLOSES -> fleet.workers.get(victim).close();
        case TRAINER_CLOSES -> fleet.trainer.close();
        case WORKER_IS_INTERRUPTED -> receive.thread.interrupt();
        case TRAINER_IS_INTERRUPTED -> send.thread.interrupt();
        default -> {}
      }
    }

    /** Again and again: an operation may start its deadline after the clock was last moved. */
    private void passTheTime() {
      if (fault == Fault.WORKER_NEVER_RECEIVES || fault == Fault.TRAINER_NEVER_SENDS) {
        skipped.addAndGet(TIMEOUT.toNanos());
      }
    }

    private void assertTold(Operation operation) {
      Throwable failure = operation.failure;
      if (failure != null) {
        assertThat(failure)
            .as("%s in %s", operation.thread.getName(), this)
            .isInstanceOf(WeightTransferException.class)
            .message()
            .isNotBlank()
            .doesNotContain("null");
      }
    }

    private void assertConcerned(Operation send, List<Operation> receives) {
      Operation receive = receives.get(victim);
      switch (fault) {
        case NOTHING -> {
          assertThat(send.failure).as("%s", this).isNull();
          receives.forEach(each -> assertThat(each.failure).as("%s", this).isNull());
        }
        case LOADER_THROWS -> {
          assertThat(receive.failure).hasMessageContaining("no such layer");
        }
        case SOURCE_THROWS -> {
          assertThat(send.failure).hasMessageContaining("shard lost");
          receives.forEach(each -> assertThat(each.failure).isInstanceOf(TransferException.class));
        }
        case SOURCE_DIFFERS -> {
          assertThat(send.failure).hasMessageContaining("but the source yields 'other'");
          receives.forEach(each -> assertThat(each.failure).isInstanceOf(TransferException.class));
        }
        case WORKER_NEVER_RECEIVES, SPECS_DIFFER ->
            assertThat(send.failure).as("%s", this).isInstanceOf(TransferException.class);
        case TRAINER_NEVER_SENDS ->
            receives.forEach(
                each -> assertThat(each.failure).isInstanceOf(TransferException.class));
        case WORKER_IS_INTERRUPTED -> assertInterruptedIfAborted(receive);
        case TRAINER_IS_INTERRUPTED -> assertInterruptedIfAborted(send);
        case WORKER_CLOSES, TRAINER_CLOSES -> {} // it may have come after the end
      }
    }

    private void assertInterruptedIfAborted(Operation operation) {
      Throwable failure = operation.failure;
      if (failure != null && String.valueOf(failure.getMessage()).contains("interrupted")) {
        assertThat(operation.wasInterrupted).as("the flag is set again in %s", this).isTrue();
      }
    }

    private void replaceWhoClosed() {
      LoopbackProvider provider = new LoopbackProvider();
      if (fault == Fault.WORKER_CLOSES) {
        ParallelConfig place = new ParallelConfig(victim, 1, 1, 0);
        fleet.workers.set(victim, provider.worker(new BackendContext(config, place)));
      }
      if (fault == Fault.TRAINER_CLOSES) {
        fleet.trainer = provider.trainer(new BackendContext(config, ParallelConfig.SINGLE));
      }
    }

    private void oneGoodUpdate() throws Exception {
      CountingSource source = new CountingSource(weights, specs, -1);
      List<List<Tensor>> held = new ArrayList<>();
      List<Operation> all = new ArrayList<>();
      for (int i = 0; i < workers; i++) {
        held.add(RandomModel.blank(specs));
        all.add(receive(i, specs, CopyingWeightLoader.into(held.get(i))));
      }
      all.add(new Operation("send", () -> fleet.trainer.sendWeights(source)));
      for (Operation each : all) {
        each.join();
        assertThat(each.failure).as("%s after %s", each.thread.getName(), this).isNull();
      }
      source.assertGivenBack();
      for (List<Tensor> each : held) {
        for (int i = 0; i < specs.size(); i++) {
          assertThat(RandomModel.bytes(each.get(i)))
              .as("%s after %s", specs.get(i), this)
              .isEqualTo(RandomModel.bytes(weights.get(i)));
        }
      }
    }

    private void assertNoThreadOfOursIsLeft() {
      Deadline patience = Deadline.after(BOUND);
      List<String> left = ourThreads();
      while (!left.isEmpty() && !patience.isOver()) {
        LockSupport.parkNanos(100_000);
        left = ourThreads();
      }
      assertThat(left).as("threads after %s", this).isEmpty();
    }

    private static List<String> ourThreads() {
      Thread[] all = new Thread[Thread.activeCount() + 64];
      int count = Thread.enumerate(all);
      return Arrays.stream(all, 0, count)
          .map(Thread::getName)
          .filter(name -> name.startsWith("weightcast-"))
          .toList();
    }

    @Override
    public String toString() {
      return fault + " at worker " + victim + " of " + workers;
    }
  }
}
