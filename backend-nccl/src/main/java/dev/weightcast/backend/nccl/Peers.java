package dev.weightcast.backend.nccl;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.WeightTransferException;
import dev.weightcast.spi.collective.SideChannel;
import java.util.Optional;

/** What is known of the other ranks of a group beside what NCCL knows, and what they are told. */
interface Peers {

  /** A group that has nothing but NCCL. */
  Peers UNKNOWN =
      new Peers() {
        @Override
        public Optional<WeightTransferException> failure() {
          return Optional.empty();
        }

        @Override
        public boolean mayStillSay() {
          return false;
        }

        @Override
        public RuntimeException explain(RuntimeException e, Deadline deadline) {
          return e;
        }

        @Override
        public void tell(String reason) {}

        @Override
        public void awaitTold() {}

        @Override
        public Optional<SideChannel> sideChannel() {
          return Optional.empty();
        }
      };

  /** The failure of another rank, if there was one; cheap. */
  Optional<WeightTransferException> failure();

  /** Whether a failure of another rank can still come to be known. */
  boolean mayStillSay();

  /** What to throw instead of what may have come of another rank's failure; may wait a little. */
  RuntimeException explain(RuntimeException e, Deadline deadline);

  /** Tells the others why this rank leaves; the first reason stays. Returns at once. */
  void tell(String reason);

  /**
   * Waits until the others can read it, or until that has taken too long: a fraction of a second.
   */
  void awaitTold();

  /** Notes between the ranks. */
  Optional<SideChannel> sideChannel();
}
