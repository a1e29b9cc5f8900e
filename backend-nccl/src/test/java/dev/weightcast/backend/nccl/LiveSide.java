package dev.weightcast.backend.nccl;

import dev.weightcast.api.Packing;
import java.util.List;

/** One rank of a live run with faults; the same engine for as long as it lives. */
interface LiveSide extends AutoCloseable {

  /**
   * Joins a group of rank 0, the trainer, and workers.
   *
   * @param place a port of this machine, or a unique id in hexadecimal
   */
  void init(String place, int worldSize);

  /** A fresh unique id in hexadecimal, made by a trainer. */
  String newId();

  /**
   * One transfer; a worker looks at every byte.
   *
   * @param variant what this side does otherwise than the other: {@code dtype}, {@code missing} or
   *     nothing
   * @throws IllegalStateException if bytes are wrong
   */
  void transfer(Packing packing, String variant);

  /** Who has acknowledged the last transfer, as the trainer knows. */
  List<Integer> acknowledged();

  /** What is used on the device now, by whomever, or 0 where there is none. */
  long usedBytes();

  @Override
  void close();
}
