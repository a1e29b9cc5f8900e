package dev.weightcast.cli;

import dev.weightcast.api.DataType;
import dev.weightcast.api.Deadline;
import dev.weightcast.api.DeviceBuffer;
import dev.weightcast.api.DeviceContext;
import dev.weightcast.api.DeviceStream;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.MemoryCopy;
import dev.weightcast.api.Shape;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * A model in an engine's device memory: one allocation, every tensor at a multiple of 256 bytes in
 * it. Goes to and from the host in blocks, many small tensors at a time. For one thread.
 */
final class DeviceModel implements AutoCloseable {

  private static final long ALIGNMENT = 256;
  private static final int BLOCK = 16 << 20;

  /** What one thread works on: a block is shared among all there are. */
  private static final int PART = 1 << 20;

  private final DeviceBuffer memory;
  private final DeviceStream stream;
  private final List<Tensor> tensors;
  private final Duration timeout;
  private final HostMemory block;

  private DeviceModel(
      DeviceBuffer memory, DeviceStream stream, List<Tensor> tensors, Duration timeout) {
    this.memory = memory;
    this.stream = stream;
    this.tensors = tensors;
    this.timeout = timeout;
    this.block = HostMemory.allocate(Math.min(BLOCK, memory.byteSize()));
  }

  /**
   * Takes the memory.
   *
   * @param timeout what each way between host and device gets
   */
  static DeviceModel allocate(DeviceContext device, List<TensorSpec> specs, Duration timeout) {
    long size = 0;
    for (TensorSpec spec : specs) {
      size = aligned(size + spec.byteSize());
    }
    DeviceBuffer memory = device.allocate("the model", size);
    try {
      List<Tensor> tensors = new ArrayList<>(specs.size());
      long offset = 0;
      for (TensorSpec spec : specs) {
        tensors.add(new Tensor(spec, memory, offset));
        offset = aligned(offset + spec.byteSize());
      }
      return new DeviceModel(memory, device.createStream("the model"), tensors, timeout);
    } catch (RuntimeException | Error e) {
      memory.close();
      throw e;
    }
  }

  private static long aligned(long offset) {
    return (offset + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  List<Tensor> tensors() {
    return tensors;
  }

  /** How much device memory it takes. */
  long memoryBytes() {
    return memory.byteSize();
  }

  /** The same memory, as plain bytes: so many tensors of one size, and a rest. */
  List<Tensor> pieces(long bytes, long pieceBytes) {
    List<Tensor> pieces = new ArrayList<>();
    for (long at = 0; at < bytes; at += pieceBytes) {
      long size = Math.min(pieceBytes, bytes - at);
      TensorSpec spec = new TensorSpec("bytes." + pieces.size(), DataType.UINT8, Shape.of(size));
      pieces.add(new Tensor(spec, memory, at));
    }
    return pieces;
  }

  /** A part of one tensor and where it lies in the block on the host. */
  private record Part(Tensor tensor, long offset, ByteBuffer bytes) {}

  /** Writes what the tensors are to hold. */
  void fill(Content content) {
    Deadline deadline = Deadline.after(timeout);
    forEachBlock(
        (at, size, parts) -> {
          parts.parallelStream()
              .forEach(part -> content.read(part.tensor().spec(), part.offset(), part.bytes()));
          stream.copy(List.of(new MemoryCopy(block, 0, memory, at, size)));
          stream.synchronize(deadline);
        });
  }

  /** Writes something that no content has, so that what is found later has arrived. */
  void overwrite() {
    Deadline deadline = Deadline.after(timeout);
    for (ByteBuffer bytes : block.buffers(0, block.byteSize())) {
      while (bytes.hasRemaining()) {
        bytes.put((byte) 0xA5);
      }
    }
    forEachBlock(
        (at, size, parts) -> stream.copy(List.of(new MemoryCopy(block, 0, memory, at, size))));
    stream.synchronize(deadline);
  }

  /** Compares every byte with what the tensors should hold. */
  Comparison compare(Content content) {
    Deadline deadline = Deadline.after(timeout);
    Comparison comparison = new Comparison(tensors.size());
    forEachBlock(
        (at, size, parts) -> {
          stream.copy(List.of(new MemoryCopy(memory, at, block, 0, size)));
          stream.synchronize(deadline);
          parts.parallelStream().forEach(part -> compare(part, content, comparison));
        });
    return comparison;
  }

  private static void compare(Part part, Content content, Comparison comparison) {
    ByteBuffer expected = ByteBuffer.allocate(part.bytes().remaining());
    content.read(part.tensor().spec(), part.offset(), expected);
    int different = expected.flip().mismatch(part.bytes());
    if (different >= 0) {
      comparison.differs(
          part.tensor().spec(),
          part.offset() + different,
          part.bytes().get(part.bytes().position() + different),
          expected.get(different));
    }
  }

  /** Brings one tensor after the other to the host; each is valid during the call. */
  void forEachOnHost(Consumer<Tensor> taker) {
    Deadline deadline = Deadline.after(timeout);
    long largest = tensors.stream().mapToLong(Tensor::byteSize).max().orElse(0);
    HostMemory host = HostMemory.allocate(largest);
    for (Tensor tensor : tensors) {
      long size = tensor.byteSize();
      stream.copy(List.of(new MemoryCopy(memory, tensor.byteOffset(), host, 0, size)));
      stream.synchronize(deadline);
      taker.accept(Tensor.of(tensor.spec(), host));
    }
  }

  private interface BlockWork {
    void run(long at, long size, List<Part> parts);
  }

  /** Goes through the memory in blocks, with the parts of tensors that lie in each. */
  private void forEachBlock(BlockWork work) {
    int first = 0;
    for (long at = 0; at < memory.byteSize(); at += block.byteSize()) {
      long size = Math.min(block.byteSize(), memory.byteSize() - at);
      List<Part> parts = new ArrayList<>();
      while (first < tensors.size() && end(tensors.get(first)) <= at) {
        first++;
      }
      for (int i = first; i < tensors.size() && tensors.get(i).byteOffset() < at + size; i++) {
        Tensor tensor = tensors.get(i);
        long from = Math.max(at, tensor.byteOffset());
        long to = Math.min(at + size, end(tensor));
        for (long part = from; part < to; part += PART) {
          ByteBuffer bytes = block.buffers(part - at, Math.min(PART, to - part)).get(0);
          parts.add(new Part(tensor, part - tensor.byteOffset(), bytes));
        }
      }
      work.run(at, size, parts);
    }
  }

  private static long end(Tensor tensor) {
    return tensor.byteOffset() + tensor.byteSize();
  }

  @Override
  public void close() {
    stream.close();
    memory.close();
  }
}
