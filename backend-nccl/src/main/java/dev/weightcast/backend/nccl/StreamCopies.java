package dev.weightcast.backend.nccl;

import dev.weightcast.api.DeviceBuffer;
import dev.weightcast.api.DeviceException;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.MemoryCopy;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One call of a stream's copy: device to device in a batch, the rest through pinned memory, small
 * pieces side by side in one block.
 */
final class StreamCopies {

  private final CudaRuntime runtime;
  private final CudaStream stream;
  private final CopyBatch batch = new CopyBatch();
  private @Nullable StagingBlock block;
  private @Nullable Landing landing;
  private int used;

  StreamCopies(CudaRuntime runtime, CudaStream stream) {
    this.runtime = runtime;
    this.stream = stream;
  }

  void run(List<MemoryCopy> copies) {
    // Device copies go first: the device has something to do while the host fills blocks.
    for (MemoryCopy copy : copies) {
      if (copy.source() instanceof DeviceBuffer from
          && copy.destination() instanceof DeviceBuffer to) {
        batch.add(
            to.address() + copy.destinationOffset(),
            from.address() + copy.sourceOffset(),
            copy.byteSize());
      }
    }
    runtime.enqueue(batch, stream.handle());
    batch.clear();
    try {
      copies.stream().filter(copy -> copy.source() instanceof HostMemory).forEach(this::fromHost);
      flush();
      copies.stream()
          .filter(copy -> copy.source() instanceof DeviceBuffer)
          .filter(copy -> copy.destination() instanceof HostMemory)
          .forEach(this::toHost);
      flush();
    } finally {
      abandon();
    }
  }

  private void fromHost(MemoryCopy copy) {
    HostMemory from = (HostMemory) copy.source();
    // The host's bytes are read here and now: what is still on its way there has to land first.
    stream.underway().forEach(runtime::await);
    if (copy.destination() instanceof HostMemory to) {
      to.copyFrom(copy.destinationOffset(), from, copy.sourceOffset(), copy.byteSize());
      return;
    }
    long to = ((DeviceBuffer) copy.destination()).address() + copy.destinationOffset();
    for (long done = 0; done < copy.byteSize(); ) {
      StagingBlock into = block();
      int piece = (int) Math.min(copy.byteSize() - done, into.byteSize() - used);
      from.read(copy.sourceOffset() + done, into.bytes().slice(used, piece));
      batch.add(to + done, into.address() + used, piece);
      advance(into, piece);
      done += piece;
    }
  }

  private void toHost(MemoryCopy copy) {
    HostMemory to = (HostMemory) copy.destination();
    if (to.isReadOnly()) {
      throw new DeviceException("cannot copy from " + stream.device() + " to read-only " + to);
    }
    long from = ((DeviceBuffer) copy.source()).address() + copy.sourceOffset();
    for (long done = 0; done < copy.byteSize(); ) {
      StagingBlock into = block();
      if (landing == null) {
        landing = new Landing(into);
      }
      int piece = (int) Math.min(copy.byteSize() - done, into.byteSize() - used);
      batch.add(into.address() + used, from + done, piece);
      landing.add(used, to, copy.destinationOffset() + done, piece);
      advance(into, piece);
      done += piece;
    }
  }

  private StagingBlock block() {
    StagingBlock present = block;
    if (present == null) {
      present = runtime.staging().take();
      block = present;
      used = 0;
    }
    return present;
  }

  private void advance(StagingBlock into, int piece) {
    used += piece;
    if (used == into.byteSize()) {
      flush();
    }
  }

  /** Enqueues what the block is for, and hands the block on. */
  private void flush() {
    StagingBlock full = block;
    if (full == null) {
      return;
    }
    runtime.enqueue(batch, stream.handle());
    full.idle().record(stream.handle(), List.of());
    Landing arriving = landing;
    if (arriving != null) {
      full.expect(arriving);
      stream.expect(arriving);
    }
    done(full);
  }

  /** After a failure: the block goes back, behind whatever was enqueued for it. */
  private void abandon() {
    StagingBlock left = block;
    if (left != null) {
      try {
        left.idle().record(stream.handle(), List.of());
      } finally {
        done(left);
      }
    }
  }

  private void done(StagingBlock used) {
    batch.clear();
    block = null;
    landing = null;
    runtime.staging().giveBack(used);
  }
}
