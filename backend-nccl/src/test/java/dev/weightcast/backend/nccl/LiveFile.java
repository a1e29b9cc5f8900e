package dev.weightcast.backend.nccl;

import dev.weightcast.api.HostMemory;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.safetensors.SafetensorsWriter;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A checkpoint on disk with the content that both sides know. */
final class LiveFile {

  private LiveFile() {}

  static void write(Path file, List<TensorSpec> specs) {
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, specs, Map.of())) {
      for (TensorSpec spec : specs) {
        HostMemory memory = HostMemory.allocate(spec.byteSize());
        long done = 0;
        for (ByteBuffer buffer : memory.buffers(0, spec.byteSize())) {
          LiveContent.fill(spec, done, buffer);
          done += buffer.capacity();
        }
        writer.write(Tensor.of(spec, memory));
      }
      writer.finish();
    }
    System.out.println("wrote " + LiveLists.bytes(specs) + " bytes of tensors to " + file);
  }
}
