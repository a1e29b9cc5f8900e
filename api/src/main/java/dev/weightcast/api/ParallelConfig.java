package dev.weightcast.api;

/**
 * Where one worker stands in its own deployment; together with the rank offset it gives the
 * worker's rank in the transfer group.
 *
 * @param dataParallelIndex which replica this worker belongs to, from 0
 * @param tensorParallelSize into how many parts each tensor is split
 * @param pipelineParallelSize into how many stages the layers are split
 * @param rank this worker's rank within its replica, 0 to {@link #worldSize()} - 1
 */
public record ParallelConfig(
    int dataParallelIndex, int tensorParallelSize, int pipelineParallelSize, int rank) {

  /** A worker that is its whole deployment. */
  public static final ParallelConfig SINGLE = new ParallelConfig(0, 1, 1, 0);

  /**
   * Checks the values.
   *
   * @throws InvalidInfoException if a size is less than one or an index out of range
   */
  public ParallelConfig {
    if (dataParallelIndex < 0 || tensorParallelSize < 1 || pipelineParallelSize < 1) {
      throw new InvalidInfoException(
          "no parallel config with data_parallel_index "
              + dataParallelIndex
              + ", tensor_parallel_size "
              + tensorParallelSize
              + ", pipeline_parallel_size "
              + pipelineParallelSize
              + ": sizes start at 1, indices at 0");
    }
    int worldSize = Math.multiplyExact(tensorParallelSize, pipelineParallelSize);
    if (rank < 0 || rank >= worldSize) {
      throw new InvalidInfoException(
          "rank "
              + rank
              + " is outside its replica of "
              + worldSize
              + " (tensor_parallel_size "
              + tensorParallelSize
              + " × pipeline_parallel_size "
              + pipelineParallelSize
              + ")");
    }
  }

  /**
   * How many workers one replica has.
   *
   * @return tensor parallel size × pipeline parallel size
   */
  public int worldSize() {
    return tensorParallelSize * pipelineParallelSize;
  }

  /**
   * This worker's rank in a transfer group: {@code data_parallel_index × world_size_per_dp + rank +
   * rank_offset}.
   *
   * @param info the group
   * @return the rank
   * @throws InvalidInfoException if the info has no rank offset, or the rank lies outside the group
   */
  public int rankIn(BroadcastInitInfo info) {
    int offset =
        info.rankOffset()
            .orElseThrow(
                () ->
                    new InvalidInfoException(
                        "Invalid init_info: missing key 'rank_offset': a worker needs it to know"
                            + " its rank; it is usually 1"));
    long groupRank = (long) dataParallelIndex * worldSize() + rank + offset;
    if (groupRank >= info.worldSize()) {
      throw new InvalidInfoException(
          "rank "
              + groupRank
              + " is outside the group of world_size "
              + info.worldSize()
              + ": data_parallel_index "
              + dataParallelIndex
              + " × world_size_per_dp "
              + worldSize()
              + " + rank "
              + rank
              + " + rank_offset "
              + offset
              + "; is world_size 1 + the number of all workers?");
    }
    return (int) groupRank;
  }
}
