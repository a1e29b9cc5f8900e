package dev.weightcast.backend.loopback;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.TransferAbortedException;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferPhase;
import dev.weightcast.api.TransferTimeoutException;
import dev.weightcast.spi.collective.SideChannel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/** One rank's notes to the others of its group, in memory. */
final class LoopbackSideChannel implements SideChannel {

  /** As much as the contract allows. */
  private static final int MAX_NOTE_BYTES = 4 << 20;

  private final LoopbackGroup group;
  private final int rank;
  private final IntConsumer onWriterGone;

  /**
   * @param onWriterGone told, under the group's lock, that a rank was needed that has left
   */
  LoopbackSideChannel(LoopbackGroup group, int rank, IntConsumer onWriterGone) {
    this.group = group;
    this.rank = rank;
    this.onWriterGone = onWriterGone;
  }

  @Override
  public List<Integer> ranks() {
    return group.notes().ranks();
  }

  @Override
  public void post(String name, byte[] note, Deadline deadline) {
    if (note.length > MAX_NOTE_BYTES) {
      throw failed(
          "note '" + name + "' has " + note.length + " bytes, more than " + MAX_NOTE_BYTES);
    }
    locked(
        name,
        deadline,
        () -> {
          group.notes().put(rank, name, note.clone());
          group.changed.signalAll();
          return Optional.empty();
        });
  }

  @Override
  public Optional<byte[]> read(int writer, String name, Duration patience, Deadline deadline) {
    return locked(
        name, deadline, () -> Optional.ofNullable(await(writer, name, patience, deadline)));
  }

  /** Under the group's lock; woken by whoever posts or leaves. */
  private byte @Nullable [] await(int writer, String name, Duration patience, Deadline deadline)
      throws InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    while (true) {
      byte[] note = group.notes().get(writer, name);
      if (note != null) {
        return note.clone();
      }
      String reason = group.gone().get(writer);
      if (reason != null) {
        onWriterGone.accept(writer);
        throw failed("rank " + writer + " has left without note '" + name + "': " + reason);
      }
      checkTime(name, deadline);
      long left = Math.min(end - System.nanoTime(), deadline.slice().toNanos());
      if (left <= 0) {
        return null;
      }
      group.changed.awaitNanos(left);
    }
  }

  @Override
  public void remove(String name, Deadline deadline) {
    locked(
        name,
        deadline,
        () -> {
          group.notes().remove(rank, name);
          return Optional.empty();
        });
  }

  private interface Access {
    Optional<byte[]> run() throws InterruptedException;
  }

  private Optional<byte[]> locked(String name, Deadline deadline, Access access) {
    try {
      group.lock.lockInterruptibly();
      try {
        checkTime(name, deadline);
        return access.run();
      } finally {
        group.lock.unlock();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TransferAbortedException(
          "interrupted at note '" + name + "'", TransferPhase.AGREEMENT, 0, 0, e);
    }
  }

  private static void checkTime(String name, Deadline deadline) {
    if (deadline.isOver()) {
      throw new TransferTimeoutException(
          "the time is over at note '" + name + "'",
          deadline.timeout(),
          TransferPhase.AGREEMENT,
          0,
          0,
          List.of(),
          null);
    }
  }

  private static TransferException failed(String message) {
    return new TransferException(message, TransferPhase.AGREEMENT, 0, 0, null);
  }
}
