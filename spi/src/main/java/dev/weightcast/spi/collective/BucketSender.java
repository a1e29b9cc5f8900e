package dev.weightcast.spi.collective;

import dev.weightcast.api.SourceTensor;
import java.util.List;

/** Puts one bucket on the wire. */
interface BucketSender {

  /** Gets the memory that is needed for certain, before the first bucket. */
  void prepare(BucketPlan plan);

  /**
   * Enqueues the bucket's broadcast and what must come before it, and marks the slot.
   *
   * @param bucket what to send
   * @param tensors its tensors, checked, held by the slot
   * @param slot free
   */
  void send(Bucket bucket, List<SourceTensor> tensors, PackedBuffer slot);
}
