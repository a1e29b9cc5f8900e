package dev.weightcast.backend.nccl;

import dev.weightcast.api.DeviceBuffer;
import dev.weightcast.api.DeviceContext;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.cuda.global.cudart;

/**
 * A model in device memory, written and read by plain {@code cudaMemcpy} and not by anything that
 * the backend uses for a transfer.
 */
final class LiveModel implements AutoCloseable {

  private static final int CHUNK = 64 << 20;
  private static final int ALIGNMENT = 256;

  private final DeviceBuffer memory;
  private final List<Tensor> tensors = new ArrayList<>();
  private final CudaLibrary cuda = new JavacppCudaLibrary();
  private final int device;
  private final long pinned;
  private final ByteBuffer chunk;

  LiveModel(DeviceContext context, List<TensorSpec> specs) {
    long total = 0;
    List<Long> offsets = new ArrayList<>();
    for (TensorSpec spec : specs) {
      offsets.add(total);
      total += (spec.byteSize() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
    this.device = context.device().index();
    this.memory = context.allocate("model", total);
    for (int i = 0; i < specs.size(); i++) {
      tensors.add(new Tensor(specs.get(i), memory, offsets.get(i)));
    }
    long[] address = new long[1];
    ok(cuda.allocatePinned(device, CHUNK, address));
    this.pinned = address[0];
    this.chunk = cuda.pinnedBytes(pinned, CHUNK);
  }

  List<Tensor> tensors() {
    return tensors;
  }

  void fill() {
    for (Tensor tensor : tensors) {
      long start = memory.address() + tensor.byteOffset();
      for (long done = 0; done < tensor.byteSize(); done += CHUNK) {
        int size = (int) Math.min(CHUNK, tensor.byteSize() - done);
        LiveContent.fill(tensor.spec(), done, chunk.slice(0, size));
        move(start + done, pinned, size);
      }
    }
  }

  /** Overwrites everything, so that what is found later has come over the wire. */
  void clear() {
    ok(cudart.cudaSetDevice(device));
    ok(cudart.cudaMemset(new Address(memory.address()), 0xA5, memory.byteSize()));
    ok(cudart.cudaDeviceSynchronize());
  }

  /** How many bytes are wrong. */
  long differences() {
    long wrong = 0;
    for (Tensor tensor : tensors) {
      long start = memory.address() + tensor.byteOffset();
      for (long done = 0; done < tensor.byteSize(); done += CHUNK) {
        int size = (int) Math.min(CHUNK, tensor.byteSize() - done);
        move(pinned, start + done, size);
        wrong += LiveContent.differences(tensor.spec(), done, chunk.slice(0, size));
      }
    }
    return wrong;
  }

  private void move(long to, long from, long size) {
    ok(cudart.cudaSetDevice(device));
    ok(cudart.cudaMemcpy(new Address(to), new Address(from), size, cudart.cudaMemcpyDefault));
  }

  private void ok(int status) {
    if (status != 0) {
      throw new IllegalStateException(CudaCalls.describe(cuda, status));
    }
  }

  @Override
  public void close() {
    ok(cuda.freePinned(device, pinned));
    memory.close();
  }
}
