package dev.weightcast.spi.collective;

import dev.weightcast.api.DeviceStream;
import dev.weightcast.api.MemoryCopy;
import dev.weightcast.api.SourceTensor;
import dev.weightcast.api.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Copies a bucket's tensors side by side into its slot, and broadcasts that as bytes. */
final class PackedSender implements BucketSender {

  private final CollectiveEngine engine;

  PackedSender(CollectiveEngine engine) {
    this.engine = engine;
  }

  @Override
  public void prepare(BucketPlan plan) {
    engine.ring().reserve(plan.largestBucketBytes());
  }

  @Override
  public void send(Bucket bucket, List<SourceTensor> tensors, PackedBuffer slot) {
    DeviceStream stream = slot.stream();
    slot.begin(stream);
    stage(tensors, slot, stream);
    if (bucket.byteSize() > 0) {
      engine
          .membership()
          .communicator()
          .broadcast(
              slot.memory(), 0, bucket.elementCount(), bucket.elementType(), engine.root(), stream);
    }
    slot.launched(bucket);
  }

  /** Enqueues the copies into the slot, each behind its tensor's ready event. */
  static void stage(List<SourceTensor> tensors, PackedBuffer slot, DeviceStream stream) {
    List<MemoryCopy> copies = new ArrayList<>(tensors.size());
    long offset = 0;
    for (SourceTensor source : tensors) {
      Tensor tensor = source.tensor();
      source.readyEvent().ifPresent(stream::waitEvent);
      copies.add(
          new MemoryCopy(
              tensor.memory(), tensor.byteOffset(), slot.memory(), offset, tensor.byteSize()));
      offset += tensor.byteSize();
    }
    stream.copy(copies);
  }
}
