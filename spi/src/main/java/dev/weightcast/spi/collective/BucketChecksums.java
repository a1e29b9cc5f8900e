package dev.weightcast.spi.collective;

import dev.weightcast.api.DeviceStream;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.Memory;
import dev.weightcast.api.MemoryCopy;
import dev.weightcast.api.TransferPhase;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Checks one transfer from end to end: a CRC-32C of every bucket, over the bytes that the root has
 * sent and over those that a worker has received, compared through notes before the worker says
 * that it has everything.
 *
 * <p>The bytes are copied to the host on the bucket's own stream, before anything reuses them, and
 * summed up on the operation's thread once the bucket has drained. So it works on every device, and
 * costs a copy of all bytes to the host on every rank. Belongs to the operation's thread.
 */
final class BucketChecksums {

  /** Nothing is checked. */
  static final BucketChecksums OFF = new BucketChecksums(null);

  private static final String NOTE = "checksums";

  private final @Nullable TransferAgreement agreement;
  private final Map<Integer, HostMemory> underWay = new HashMap<>();
  private final Map<Long, List<HostMemory>> free = new HashMap<>();
  private final Map<Integer, Integer> sums = new HashMap<>();

  private BucketChecksums(@Nullable TransferAgreement agreement) {
    this.agreement = agreement;
  }

  /**
   * What checks one transfer.
   *
   * @param wanted whether it shall be checked
   * @param group reaches the root, or does not; then nothing can be compared
   * @param log is told of ranks that cannot compare
   */
  static BucketChecksums of(boolean wanted, Membership group, Logger log) {
    if (!wanted) {
      return OFF;
    }
    if (!group.uncheckable().isEmpty()) {
      log.log(
          Level.WARNING,
          "checksums are on and cannot be compared in all of {0}: {1}",
          group.describe(),
          group.uncheckable());
    }
    return group.agreement().map(BucketChecksums::new).orElse(OFF);
  }

  /** Enqueues the copy of a bucket's bytes, behind its broadcast. */
  void copy(Bucket bucket, Memory memory, long offset, DeviceStream stream) {
    if (agreement == null || bucket.byteSize() == 0) {
      return;
    }
    HostMemory host = take(bucket.byteSize());
    underWay.put(bucket.index(), host);
    stream.copy(List.of(new MemoryCopy(memory, offset, host, 0, bucket.byteSize())));
  }

  /** Memory of the next power of two, which buckets of about the same size use in turn. */
  private HostMemory take(long byteSize) {
    List<HostMemory> kept = free.getOrDefault(roundUp(byteSize), List.of());
    return kept.isEmpty() ? HostMemory.allocate(roundUp(byteSize)) : kept.remove(kept.size() - 1);
  }

  private static long roundUp(long byteSize) {
    return byteSize > 1L << 62 ? byteSize : Long.highestOneBit(2 * byteSize - 1);
  }

  /** Sums up a bucket whose work has all run. */
  void drained(Bucket bucket) {
    HostMemory host = underWay.remove(bucket.index());
    if (host == null) {
      return;
    }
    CRC32C sum = new CRC32C();
    host.buffers(0, bucket.byteSize()).forEach(sum::update);
    sums.put(bucket.index(), (int) sum.getValue());
    free.computeIfAbsent(host.byteSize(), size -> new ArrayList<>()).add(host);
  }

  /** Tells the workers what the root has sent. */
  void publish(BucketPlan plan, OperationProgress progress) throws InterruptedException {
    TransferAgreement present = agreement;
    if (present != null) {
      present.publish(NOTE, toNote(plan), progress);
    }
  }

  private byte[] toNote(BucketPlan plan) {
    ByteBuffer note = ByteBuffer.allocate(plan.buckets().size() * Integer.BYTES);
    plan.buckets().forEach(bucket -> note.putInt(sums.getOrDefault(bucket.index(), 0)));
    return note.array();
  }

  /**
   * Compares with what the root has sent, and returns if it is the same.
   *
   * @throws dev.weightcast.api.ChecksumMismatchException if not; names the first bucket
   */
  void compare(BucketPlan plan, OperationProgress progress) throws InterruptedException {
    TransferAgreement present = agreement;
    if (present == null) {
      return;
    }
    progress.enter(TransferPhase.ACKNOWLEDGEMENT);
    ByteBuffer sent = ByteBuffer.wrap(present.awaitOfRoot(NOTE, progress));
    ByteBuffer received = ByteBuffer.wrap(toNote(plan));
    List<Bucket> wrong =
        plan.buckets().stream().filter(each -> differs(each.index(), sent, received)).toList();
    if (!wrong.isEmpty()) {
      throw progress.corrupted(wrong.get(0), plan.buckets().size(), wrong.size());
    }
  }

  private static boolean differs(int index, ByteBuffer sent, ByteBuffer received) {
    int at = index * Integer.BYTES;
    return at + Integer.BYTES > sent.limit() || sent.getInt(at) != received.getInt(at);
  }
}
