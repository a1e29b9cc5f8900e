package dev.weightcast.backend.nccl;

import dev.weightcast.api.Packing;
import java.time.Duration;
import java.util.function.Consumer;

/** The live run without a GPU, to try the run itself. */
final class FaultSide implements LiveSide {

  private final FaultRank rank;

  FaultSide(boolean isTrainer, Duration timeout, Consumer<String> marks) {
    rank =
        new FaultRank(
            isTrainer,
            timeout,
            phase -> {
              if (phase.startsWith("bucket ")) {
                int bucket = Integer.parseInt(phase.substring("bucket ".length())) + 1;
                marks.accept("B " + bucket + " " + FaultRank.TENSORS);
              }
            });
  }

  @Override
  public void init(int port, int worldSize) {
    rank.init(port, worldSize);
  }

  @Override
  public void transfer(Packing packing, String variant) {
    rank.transfer();
  }

  @Override
  public long usedBytes() {
    return rank.open();
  }

  @Override
  public void close() {
    rank.close();
  }
}
