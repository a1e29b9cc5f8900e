package dev.weightcast.api;

/** Where an engine is in its life. */
public enum EngineState {
  /** Made, and not yet in a group. */
  NEW,
  /** In a group and idle. */
  READY,
  /** In the middle of an update. */
  UPDATING,
  /** An operation failed; {@code initTransferEngine} starts afresh. */
  FAILED,
  /** Closed for good. */
  CLOSED
}
