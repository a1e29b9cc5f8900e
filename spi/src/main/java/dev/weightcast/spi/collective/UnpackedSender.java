package dev.weightcast.spi.collective;

import dev.weightcast.api.DeviceBuffer;
import dev.weightcast.api.DeviceStream;
import dev.weightcast.api.SourceTensor;
import dev.weightcast.api.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * Broadcasts each tensor by itself: from where it is if it is aligned and on the trainer's device,
 * else by way of its slot.
 */
final class UnpackedSender implements BucketSender {

  private final CollectiveEngine engine;
  private final long largestTensorBytes;
  private final Optional<DeviceStream> callersStream;

  UnpackedSender(CollectiveEngine engine, BucketPlan plan, Optional<DeviceStream> callersStream) {
    this.engine = engine;
    this.largestTensorBytes = plan.largestBucketBytes();
    this.callersStream = callersStream;
  }

  @Override
  public void prepare(BucketPlan plan) {
    // Tensors on the device need no slot: memory is taken with the first that does.
  }

  @Override
  public void send(Bucket bucket, List<SourceTensor> tensors, PackedBuffer slot) {
    DeviceStream stream = callersStream.orElse(slot.stream());
    slot.begin(stream);
    SourceTensor source = tensors.get(0);
    Tensor tensor = source.tensor();
    if (bucket.byteSize() == 0) {
      source.readyEvent().ifPresent(stream::waitEvent);
    } else if (tensor.memory() instanceof DeviceBuffer buffer
        && buffer.device().equals(engine.runtime().device())
        && tensor.isAligned()) {
      source.readyEvent().ifPresent(stream::waitEvent);
      broadcast(bucket, buffer, tensor.byteOffset(), stream);
    } else {
      engine.ring().reserve(largestTensorBytes);
      PackedSender.stage(tensors, slot, stream);
      broadcast(bucket, slot.memory(), 0, stream);
    }
    slot.launched(bucket);
  }

  private void broadcast(Bucket bucket, DeviceBuffer buffer, long offset, DeviceStream stream) {
    engine
        .membership()
        .communicator()
        .broadcast(
            buffer, offset, bucket.elementCount(), bucket.elementType(), engine.root(), stream);
  }
}
