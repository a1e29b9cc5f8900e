package dev.weightcast.api;

import java.util.List;

/**
 * Takes the received weights into the model; called once a bucket, in order, on the thread that
 * receives.
 *
 * <p>The tensors are views of the receive buffer. They are valid on the host during the call, and
 * on the given stream for everything enqueued during the call: a loader that only enqueues copies
 * there ({@link DeviceStream#copy}) needs no synchronisation at all. A loader that reads bytes on
 * the host copies them to {@link HostMemory} and calls {@link DeviceStream#synchronize} first.
 * Nothing may be kept: the buffer is used again for a later bucket.
 *
 * <p>When another rank fails in the middle of a bucket, the stream goes on with undefined bytes in
 * the buffer, and a loader that waits for it may see them before the engine has noticed. The update
 * then fails, and the tensors that the loader was handed count as mixed in {@link WeightStatus}:
 * what is loaded is no more than a candidate until {@code finishWeightUpdate} has succeeded. A
 * loader that sits in a wait of its own meanwhile is interrupted.
 */
@FunctionalInterface
public interface WeightLoader {

  /**
   * Loads one bucket.
   *
   * @param weights the bucket's tensors, in the order of the update's names; they may be unaligned
   * @param stream where to enqueue; the bucket's data is there for work enqueued on it
   * @param deadline the time that the whole update has left; for waits of the loader's own
   */
  void load(List<Tensor> weights, DeviceStream stream, Deadline deadline);
}
