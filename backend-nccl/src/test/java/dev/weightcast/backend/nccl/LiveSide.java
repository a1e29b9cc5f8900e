package dev.weightcast.backend.nccl;

import dev.weightcast.api.Packing;

/** One rank of a live run with faults; the same engine for as long as it lives. */
interface LiveSide extends AutoCloseable {

  /** Joins a group of rank 0, the trainer, and workers. */
  void init(int port, int worldSize);

  /**
   * One transfer; a worker looks at every byte.
   *
   * @param variant what this side does otherwise than the other: {@code dtype}, {@code missing} or
   *     nothing
   * @throws IllegalStateException if bytes are wrong
   */
  void transfer(Packing packing, String variant);

  /** What is used on the device now, by whomever, or 0 where there is none. */
  long usedBytes();

  @Override
  void close();
}
