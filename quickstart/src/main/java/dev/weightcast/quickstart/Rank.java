package dev.weightcast.quickstart;

/** A member of the group: the trainer or a worker. */
interface Rank extends AutoCloseable {

  String name();

  /** Leaves the group; whatever it is doing ends. */
  @Override
  void close();
}
