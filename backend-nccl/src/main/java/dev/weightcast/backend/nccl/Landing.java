package dev.weightcast.backend.nccl;

import dev.weightcast.api.DeviceException;
import dev.weightcast.api.HostMemory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

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
  private boolean told;
  private @Nullable Throwable failure;

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

  /** Whether somebody has carried the bytes on, or has tried to. */
  boolean isCarriedOn() {
    lock.lock();
    try {
      return finished;
    } finally {
      lock.unlock();
    }
  }

  /** Whether nobody has to know about it any more: the bytes are there, or it was told why not. */
  boolean isOver() {
    lock.lock();
    try {
      return finished && (failure == null || told);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Carries the bytes on, unless somebody has. The device must have filled the block.
   *
   * @throws DeviceException if the bytes could not be written, now or before
   */
  void finish() {
    lock.lock();
    try {
      carryOn();
      Throwable reason = failure;
      if (reason != null) {
        told = true;
        throw new DeviceException("bytes from the device could not be written: " + reason, reason);
      }
    } finally {
      lock.unlock();
    }
  }

  /** The same for somebody who needs the block and not the bytes: a failure is kept for others. */
  void settle() {
    lock.lock();
    try {
      carryOn();
    } finally {
      lock.unlock();
    }
  }

  private void carryOn() {
    if (finished) {
      return;
    }
    finished = true;
    try {
      for (Piece piece : pieces) {
        ByteBuffer bytes = block.bytes().slice(piece.from(), piece.byteSize());
        piece.to().write(piece.offset(), bytes);
      }
    } catch (RuntimeException | Error e) {
      failure = e;
    }
  }
}
