package dev.weightcast.backend.nccl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.api.CopyingWeightLoader;
import dev.weightcast.api.DataType;
import dev.weightcast.api.RankFailedException;
import dev.weightcast.api.Shape;
import dev.weightcast.api.SourceTensor;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferMismatchException;
import dev.weightcast.api.TransferTimeoutException;
import dev.weightcast.api.WeightLoader;
import dev.weightcast.api.WeightPass;
import dev.weightcast.api.WeightSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What can happen to a {@link FaultPair} that has just transferred; each checks what both sides
 * say, and leaves a pair that can meet again. Ranks that are interrupted, closed or held up are in
 * {@link FaultLeaksTest}, in each phase.
 */
enum PairFault {
  WORKER_KILLED(20, PairFault::workerIsKilled),
  WORKER_LEAVES(
      20,
      pair -> {
        pair.replaceWorker();
        ends(pair.alone(true, pair.trainer()::transfer), RankFailedException.class, null);
      }),
  TRAINER_LEAVES(
      20,
      pair -> {
        pair.replaceTrainer();
        ends(pair.alone(false, pair.worker()::transfer), null, RankFailedException.class);
      }),
  LOADER_THROWS(
      20,
      pair -> {
        WeightLoader copying = CopyingWeightLoader.into(pair.worker().tensors());
        WeightLoader loader =
            (weights, stream, deadline) -> {
              copying.load(weights, stream, deadline);
              if (isMiddle(weights)) {
                throw new IllegalStateException("the loader has enough");
              }
            };
        ends(pair.receivedBy(loader), RankFailedException.class, TransferException.class);
      }),
  SOURCE_THROWS(
      20,
      pair -> {
        WeightSource source = new LostShard(pair.trainer().tensors());
        ends(
            FaultPair.both(() -> pair.trainer().send(source), pair.worker()::transfer),
            TransferException.class,
            RankFailedException.class);
      }),
  OTHER_SPECS(
      20,
      pair -> {
        List<TensorSpec> others = new ArrayList<>(pair.worker().specs());
        others.set(2, new TensorSpec("t2", DataType.FLOAT16, Shape.of(7)));
        WeightLoader loader = CopyingWeightLoader.into(pair.worker().tensors());
        ends(
            FaultPair.both(pair.trainer()::transfer, () -> pair.worker().receive(others, loader)),
            TransferMismatchException.class,
            TransferMismatchException.class);
      }),
  NETWORK_CUT(
      20,
      pair -> {
        pair.onWorkersWay(atMiddle(() -> pair.worker().wire().cut()));
        ends(pair.transfer(), TransferException.class, TransferException.class);
      }),
  TRAINERS_COPY_FAILS(
      20,
      pair -> {
        pair.onTrainersWay(atMiddle(() -> failCopies(pair.trainer())));
        ends(pair.transfer(), TransferException.class, RankFailedException.class);
      }),
  WORKERS_COPY_FAILS(
      20,
      pair -> {
        pair.onWorkersWay(atMiddle(() -> failCopies(pair.worker())));
        ends(pair.transfer(), RankFailedException.class, TransferException.class);
      }),
  NO_WORKER_COMES(
      1,
      pair ->
          ends(
              pair.alone(true, () -> pair.trainer().init(pair.port(), 2)),
              TransferTimeoutException.class,
              null)),
  NO_TRAINER_COMES(
      1,
      pair -> {
        pair.replaceTrainer();
        ends(
            pair.alone(false, () -> pair.worker().init(pair.port(), 2)),
            null,
            TransferTimeoutException.class);
      }),
  OTHER_WORLD_SIZE(
      20,
      pair -> {
        FaultPair.Outcome outcome =
            FaultPair.both(
                () -> pair.trainer().init(pair.port(), 2),
                () -> pair.worker().init(pair.port(), 3));
        assertThat(outcome.trainer()).hasMessageContaining("world_size");
        assertThat(outcome.worker()).hasMessageContaining("world_size");
      });

  private interface Happening {
    void to(FaultPair pair) throws Exception;
  }

  private static final String MIDDLE = "bucket 3";

  private final int seconds;
  private final Happening happening;

  PairFault(int seconds, Happening happening) {
    this.seconds = seconds;
    this.happening = happening;
  }

  /** The time that each operation of the pair is to have. */
  Duration timeout() {
    return Duration.ofSeconds(seconds);
  }

  void happensTo(FaultPair pair) throws Exception {
    happening.to(pair);
    pair.onTrainersWay(phase -> {});
    pair.onWorkersWay(phase -> {});
  }

  private static void workerIsKilled(FaultPair pair) throws Exception {
    pair.replaceWorker(); // a process takes its place
    try (FaultChild child = new FaultChild(false, Duration.ofSeconds(20))) {
      child.await("READY");
      child.order(pair.port(), 2, MIDDLE);
      pair.trainer().init(pair.port(), 2);
      Runnable killing =
          () -> {
            try {
              child.await("AT " + MIDDLE);
              child.kill();
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
          };
      ends(FaultPair.both(pair.trainer()::transfer, killing), RankFailedException.class, null);
    }
  }

  private static boolean isMiddle(List<Tensor> weights) {
    return weights.get(0).name().equals("t3");
  }

  private static Gate atMiddle(Runnable what) {
    return phase -> {
      if (phase.equals(MIDDLE)) {
        what.run();
      }
    };
  }

  private static void failCopies(FaultRank rank) {
    rank.cuda().fail("cudaMemcpyAsync", 719).fail("cudaMemcpyBatchAsync", 719);
  }

  private static void ends(
      FaultPair.Outcome outcome,
      @Nullable Class<? extends Throwable> trainer,
      @Nullable Class<? extends Throwable> worker) {
    endsWith(outcome.trainer(), trainer, "the trainer");
    endsWith(outcome.worker(), worker, "the worker");
  }

  private static void endsWith(
      @Nullable Throwable found, @Nullable Class<? extends Throwable> expected, String who) {
    if (expected == null) {
      assertThat(found).as(who).isNull();
    } else {
      assertThat(found).as(who).isInstanceOf(expected);
    }
  }

  /** Yields some tensors, and then no more. */
  private record LostShard(List<Tensor> tensors) implements WeightSource {
    @Override
    public List<TensorSpec> specs() {
      return tensors.stream().map(Tensor::spec).toList();
    }

    @Override
    public WeightPass open() {
      return WeightPass.of(
          tensors.stream()
              .peek(
                  tensor -> {
                    if (tensor.name().equals("t3")) {
                      throw new IllegalStateException("a shard is lost");
                    }
                  })
              .map(SourceTensor::of)
              .iterator());
    }
  }
}
