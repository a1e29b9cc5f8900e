package dev.weightcast.spi.collective;

import dev.weightcast.api.DataType;
import dev.weightcast.api.DeviceEvent;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.MemoryCopy;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Small things that the ranks of a group tell each other by collectives, on the scratch memory. All
 * ranks call the same in the same order. Belongs to the operation's thread.
 */
final class InBandExchange {

  /** What one rank's part in a {@link #gather} takes. */
  static final int NOTE_BYTES = 128;

  /** More than any list of tensors takes. */
  private static final long MAX_BYTES = 1L << 28;

  /** Waits for an event in the way of the operation that runs. */
  interface Waiting {
    void await(DeviceEvent event, OperationProgress progress) throws InterruptedException;
  }

  private final Communicator communicator;
  private final Scratch scratch;
  private final Waiting waiting;

  InBandExchange(Communicator communicator, Scratch scratch, Waiting waiting) {
    this.communicator = communicator;
    this.scratch = scratch;
    this.waiting = waiting;
  }

  int worldSize() {
    return communicator.worldSize();
  }

  /** An all-reduce that nobody looks at: it brings the ranks together. */
  void meet(OperationProgress progress) throws InterruptedException {
    communicator.allReduceSum(scratch.buffer(), 0, 1, DataType.FLOAT32, scratch.stream());
    await(progress);
  }

  /** The sum of what all ranks say. */
  float sum(float mine, OperationProgress progress) throws InterruptedException {
    return beginSum(mine).await(progress);
  }

  /** A sum that is under way: what this rank says in it is on its stream. */
  Sum beginSum(float mine) {
    toDevice(0, ByteBuffer.allocate(Float.BYTES).order(ByteOrder.nativeOrder()).putFloat(0, mine));
    communicator.allReduceSum(scratch.buffer(), 0, 1, DataType.FLOAT32, scratch.stream());
    Sum sum = new Sum(toHost(Float.BYTES));
    scratch.stream().recordEvent(scratch.done());
    return sum;
  }

  /** A sum that was begun. */
  final class Sum {

    private final ByteBuffer result;

    private Sum(ByteBuffer result) {
      this.result = result;
    }

    /** Done when all ranks have said theirs. */
    DeviceEvent done() {
      return scratch.done();
    }

    float await(OperationProgress progress) throws InterruptedException {
      waiting.await(scratch.done(), progress);
      return result.order(ByteOrder.nativeOrder()).getFloat(0);
    }
  }

  /**
   * What all ranks say, by rank.
   *
   * @param mine at most {@link #NOTE_BYTES}
   */
  List<byte[]> gather(byte[] mine, OperationProgress progress) throws InterruptedException {
    List<byte[]> notes = new ArrayList<>(worldSize());
    int atOnce = Scratch.BYTES / NOTE_BYTES;
    for (int first = 0; first < worldSize(); first += atOnce) {
      int count = Math.min(atOnce, worldSize() - first);
      int own = communicator.rank() - first;
      if (own >= 0 && own < count) {
        toDevice((long) own * NOTE_BYTES, ByteBuffer.wrap(mine));
      }
      for (int i = 0; i < count; i++) {
        broadcast((long) i * NOTE_BYTES, NOTE_BYTES, first + i);
      }
      ByteBuffer all = toHost(count * NOTE_BYTES);
      await(progress);
      for (int i = 0; i < count; i++) {
        byte[] note = new byte[NOTE_BYTES];
        all.get(note);
        notes.add(note);
      }
    }
    return notes;
  }

  /**
   * What one rank tells all.
   *
   * @param mine its bytes, on that rank; not looked at elsewhere
   */
  byte[] tell(int teller, byte[] mine, OperationProgress progress)
      throws InterruptedException, IOException {
    boolean own = teller == communicator.rank();
    if (own) {
      toDevice(0, ByteBuffer.allocate(Long.BYTES).putLong(0, mine.length));
    }
    broadcast(0, Long.BYTES, teller);
    ByteBuffer header = toHost(Long.BYTES);
    await(progress);
    long length = header.getLong();
    if (length < 0 || length > MAX_BYTES) {
      throw new IOException("rank " + teller + " tells " + length + " bytes");
    }
    byte[] told = new byte[(int) length];
    for (int done = 0; done < told.length; done += Scratch.BYTES) {
      int piece = Math.min(Scratch.BYTES, told.length - done);
      if (own) {
        toDevice(0, ByteBuffer.wrap(mine, done, piece));
      }
      broadcast(0, piece, teller);
      ByteBuffer arrived = toHost(piece);
      await(progress);
      arrived.get(told, done, piece);
    }
    return told;
  }

  private void broadcast(long offset, long byteSize, int root) {
    communicator.broadcast(
        scratch.buffer(), offset, byteSize, DataType.UINT8, root, scratch.stream());
  }

  /**
   * Each copy has host memory of its own: what an operation that failed has left on the stream may
   * run later than the next one begins.
   */
  private void toDevice(long offset, ByteBuffer bytes) {
    ByteBuffer own = ByteBuffer.allocate(bytes.remaining()).put(bytes).flip();
    HostMemory host = HostMemory.wrap(own);
    copy(new MemoryCopy(host, 0, scratch.buffer(), offset, host.byteSize()));
  }

  /** There once the stream has come this far. */
  private ByteBuffer toHost(int byteSize) {
    ByteBuffer bytes = ByteBuffer.allocate(byteSize);
    copy(new MemoryCopy(scratch.buffer(), 0, HostMemory.wrap(bytes), 0, byteSize));
    return bytes;
  }

  private void copy(MemoryCopy copy) {
    scratch.stream().copy(List.of(copy));
  }

  private void await(OperationProgress progress) throws InterruptedException {
    scratch.stream().recordEvent(scratch.done());
    waiting.await(scratch.done(), progress);
  }
}
