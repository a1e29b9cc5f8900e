package dev.weightcast.backend.nccl;

/** Where a rank comes by, so that a test can do something to it there. */
@FunctionalInterface
interface Gate {

  /** The rank is about to enter a phase, on its own thread. */
  void at(String phase);
}
