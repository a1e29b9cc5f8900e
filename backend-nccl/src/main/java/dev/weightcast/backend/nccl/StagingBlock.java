package dev.weightcast.backend.nccl;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One block of pinned memory between pageable memory and the device, with the event after which the
 * device has no use for it any more. Belongs to one thread at a time; {@link Staging} hands it on.
 */
final class StagingBlock {

  private final long address;
  private final ByteBuffer bytes;
  private final CudaEvent idle;
  private @Nullable Landing landing;

  StagingBlock(long address, ByteBuffer bytes, CudaEvent idle) {
    this.address = address;
    this.bytes = bytes;
    this.idle = idle;
  }

  long address() {
    return address;
  }

  /** All bytes of the block; its position is not used. */
  ByteBuffer bytes() {
    return bytes;
  }

  int byteSize() {
    return bytes.capacity();
  }

  /** Done when the device has read or filled the block. */
  CudaEvent idle() {
    return idle;
  }

  /** What is to be carried on from here before the block is used again. */
  void expect(Landing next) {
    landing = next;
  }

  /** Carries on what has arrived; the idle event must be done. */
  void settle() {
    Landing arrived = landing;
    landing = null;
    if (arrived != null) {
      arrived.settle();
    }
  }
}
