package dev.weightcast.cli;

import dev.weightcast.api.HostMemory;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.safetensors.SafetensorsSource;
import java.nio.ByteBuffer;

/** What a checkpoint holds. */
final class CheckpointContent implements Content {

  private final SafetensorsSource checkpoint;

  CheckpointContent(SafetensorsSource checkpoint) {
    this.checkpoint = checkpoint;
  }

  @Override
  public void read(TensorSpec spec, long offset, ByteBuffer into) {
    Tensor tensor = checkpoint.tensor(spec.name());
    ((HostMemory) tensor.memory()).read(tensor.byteOffset() + offset, into);
  }
}
