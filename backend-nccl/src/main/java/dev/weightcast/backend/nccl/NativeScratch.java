package dev.weightcast.backend.nccl;

import org.bytedeco.javacpp.Pointer;

/**
 * A little native memory for the arguments and results of one call, zeroed.
 *
 * <p>Not one of JavaCPP's own allocations: those are refused, after a second of garbage collection,
 * when the process has more resident memory than four times its Java heap, which a process that
 * holds weights on the host has soon.
 */
final class NativeScratch implements AutoCloseable {

  private final Pointer memory;

  NativeScratch(long byteSize) {
    memory = Pointer.malloc(byteSize);
    if (memory == null || memory.isNull()) {
      throw new OutOfMemoryError("malloc of " + byteSize + " bytes");
    }
    Pointer.memset(memory, 0, byteSize);
  }

  long address() {
    return memory.address();
  }

  /** What lies so many bytes behind the start; owns nothing. */
  Address at(long byteOffset) {
    return new Address(address() + byteOffset);
  }

  @Override
  public void close() {
    Pointer.free(memory);
  }
}
