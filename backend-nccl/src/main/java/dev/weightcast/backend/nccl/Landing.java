package dev.weightcast.backend.nccl;

import dev.weightcast.api.HostMemory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Bytes on their way from the device to pageable memory, by way of one block of pinned memory.
 *
 * <p>Once the device has filled the block somebody has to carry the bytes on: whoever waits for
 * them, or whoever needs the block next. The first who comes does it, the others wait for him.
 */
final class Landing {

  private record Piece(int from, HostMemory to, long offset, int byteSize) {}

  private final ReentrantLock lock = new ReentrantLock();
  private final StagingBlock block;
  private final List<Piece> pieces = new ArrayList<>();
  private boolean finished;

  Landing(StagingBlock block) {
    this.block = block;
  }

  /** The block that holds the bytes meanwhile. */
  StagingBlock block() {
    return block;
  }

  void add(int from, HostMemory to, long offset, int byteSize) {
    pieces.add(new Piece(from, to, offset, byteSize));
  }

  boolean isFinished() {
    lock.lock();
    try {
      return finished;
    } finally {
      lock.unlock();
    }
  }

  /** Carries the bytes on. The device must have filled the block. */
  void finish() {
    lock.lock();
    try {
      if (finished) {
        return;
      }
      finished = true;
      for (Piece piece : pieces) {
        ByteBuffer bytes = block.bytes().slice(piece.from(), piece.byteSize());
        piece.to().write(piece.offset(), bytes);
      }
    } finally {
      lock.unlock();
    }
  }
}
