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
