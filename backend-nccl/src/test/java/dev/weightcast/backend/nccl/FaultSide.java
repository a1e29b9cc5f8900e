package dev.weightcast.backend.nccl;

import dev.weightcast.api.Packing;
import java.time.Duration;
import java.util.List;
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
  public String newId() {
    throw new UnsupportedOperationException("the fakes meet at a store");
  }

  @Override
  public List<Integer> acknowledged() {
    return List.of();
  }

  @Override
  public void init(String place, int worldSize) {
    rank.init(Integer.parseInt(place), worldSize);
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
