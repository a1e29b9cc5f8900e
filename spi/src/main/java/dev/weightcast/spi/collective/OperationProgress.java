package dev.weightcast.spi.collective;

import dev.weightcast.api.ChecksumMismatchException;
import dev.weightcast.api.Deadline;
import dev.weightcast.api.RankFailedException;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TransferAbortedException;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferMismatchException;
import dev.weightcast.api.TransferPhase;
import dev.weightcast.api.TransferTimeoutException;
import dev.weightcast.api.WeightTransferException;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How far one operation has come, in the words that its failure will be told in. Belongs to the
 * operation's thread.
 */
final class OperationProgress {

  /** How many tensors a message names. */
  private static final int MAX_NAMES = 10;

  private final String method;
  private final Deadline deadline;
  private String who;
  private TransferPhase phase;
  private long bytesDone;
  private long bytesTotal;
  private int bucketsDone;
  private String unchecked = "";
  private @Nullable RuntimeException told;
  private volatile boolean attending;
  private volatile @Nullable WeightTransferException seen;

  OperationProgress(String method, Deadline deadline, String who, TransferPhase phase) {
    this.method = method;
    this.deadline = deadline;
    this.who = who;
    this.phase = phase;
  }

  Deadline deadline() {
    return deadline;
  }

  void enter(TransferPhase next) {
    phase = next;
  }

  void identify(ProcessGroup group) {
    who = group.toString();
  }

  /** Says that the operation needs the other ranks from here on. */
  void attend() {
    attending = true;
  }

  /** Says that the operation needs no other rank any more: what happens to them is not its own. */
  void settle() {
    attending = false;
  }

  /**
   * Whether the operation is in trouble with another rank. What is seen once stays: an abort that
   * follows may hide it. Asked by any thread.
   *
   * @param failure asked only while the operation attends: before it joins, what the group that it
   *     leaves has failed of is no concern of its
   */
  boolean isInTrouble(Supplier<Optional<WeightTransferException>> failure) {
    if (!attending) {
      return false;
    }
    if (seen == null) {
      seen = failure.get().orElse(null);
    }
    return seen != null;
  }

  /** What the watchdog has seen, if anything. */
  Optional<WeightTransferException> seen() {
    return Optional.ofNullable(seen);
  }

  /** What the other ranks are told when the watchdog ends the operation. Asked by any thread. */
  String endedFromOutside() {
    if (!deadline.isOver()) {
      return method + " was ended because another rank has failed";
    }
    return deadline
        .cancellation()
        .map(reason -> method + " was ended from outside: " + reason)
        .orElseGet(() -> method + " did not end within " + deadline.timeout());
  }

  /** Whether the operation joins its group: what that throws has words of its own. */
  boolean isJoining() {
    return phase.equals(TransferPhase.RENDEZVOUS);
  }

  /** Whether an exception is already in the operation's words. */
  boolean isTold(Exception e) {
    return e.equals(told);
  }

  /** Says that an exception is in the operation's words: it stays as it is from here on. */
  <E extends RuntimeException> E tell(E e) {
    told = e;
    return e;
  }

  /** What could not be compared, as a sentence for whoever wonders why nothing moves. */
  void cannotCheck(String sentence) {
    unchecked = sentence;
  }

  void planned(long bytes) {
    bytesTotal = bytes;
  }

  void completed(Bucket bucket) {
    bytesDone += bucket.byteSize();
    bucketsDone++;
  }

  long bytesDone() {
    return bytesDone;
  }

  int bucketsDone() {
    return bucketsDone;
  }

  /** The deadline is over: it passed, or somebody cancelled it. */
  TransferException over(List<Integer> missingRanks, @Nullable Throwable cause) {
    return deadline
        .cancellation()
        .<TransferException>map(reason -> aborted(reason, cause))
        .orElseGet(() -> timedOut(missingRanks, cause));
  }

  private TransferTimeoutException timedOut(List<Integer> missing, @Nullable Throwable cause) {
    String text =
        method
            + " did not end within "
            + deadline.timeout()
            + ": "
            + where()
            + (missing.isEmpty()
                ? ""
                : "; waiting for rank "
                    + String.join(", ", missing.stream().map(String::valueOf).toList()))
            + (cause == null ? "" : "; last: " + text(cause))
            + ". Are all ranks alive, and was every one told the same world size, tensors and"
            + " packing?"
            + (unchecked.isEmpty() ? "" : " " + unchecked);
    return tell(
        new TransferTimeoutException(
            text, deadline.timeout(), phase, bytesDone, bytesTotal, missing, cause));
  }

  TransferAbortedException aborted(String reason, @Nullable Throwable cause) {
    return tell(
        new TransferAbortedException(
            method + " was ended from outside: " + reason + "; " + where(),
            phase,
            bytesDone,
            bytesTotal,
            cause));
  }

  /**
   * A source or a loader has thrown. It may have waited with the operation's deadline or thread,
   * and then what ended its wait is what ended the operation.
   */
  TransferException thrownBy(String what, Exception e, List<Integer> missingRanks) {
    if (deadline.isOver()) {
      return over(missingRanks, e);
    }
    return e instanceof TransferAbortedException || FailureTranslation.isInterruption(e)
        ? aborted(what + ": " + text(e), e)
        : failed(what, e);
  }

  /** The ranks are about to transfer different things. */
  TransferMismatchException mismatch(String difference, int rank) {
    return new TransferMismatchException(
        method
            + " was refused before anything moved: "
            + difference
            + "; "
            + where()
            + ". Was every rank told the same tensors and packing?",
        rank,
        bytesTotal);
  }

  /**
   * What arrived here is not what the root has sent.
   *
   * @param first the first bucket that differs
   * @param buckets how many there are
   * @param wrong how many differ
   */
  ChecksumMismatchException corrupted(Bucket first, int buckets, long wrong) {
    List<String> names = first.specs().stream().map(TensorSpec::name).toList();
    int shown = Math.min(names.size(), MAX_NAMES);
    return new ChecksumMismatchException(
        method
            + " failed: bucket "
            + (first.index() + 1)
            + " of "
            + buckets
            + " did not arrive as it was sent, its checksums differ"
            + (wrong > 1 ? ", and so do those of " + (wrong - 1) + " more" : "")
            + "; in it are "
            + String.join(", ", names.subList(0, shown))
            + (shown < names.size() ? " and " + (names.size() - shown) + " more" : "")
            + ". They have been handed to the loader: the weights are mixed until a whole update has"
            + " landed; "
            + where(),
        first.index() + 1,
        names,
        bytesDone,
        bytesTotal);
  }

  /** Another rank has failed or left. */
  RankFailedException rankFailed(PeerFailure failure, @Nullable Throwable last) {
    RankFailedException told =
        new RankFailedException(
            method + " failed: " + text(failure) + "; " + where(),
            failure.rank(),
            phase,
            bytesDone,
            bytesTotal,
            failure);
    if (last != null && last != failure) {
      told.addSuppressed(last);
    }
    return told;
  }

  private static String text(Throwable cause) {
    String message = cause.getMessage();
    return message == null ? cause.toString() : message;
  }

  /** Something that the operation stands on has failed. */
  TransferException failed(String what, Throwable cause) {
    return new TransferException(
        method + " failed: " + what + ": " + text(cause) + "; " + where(),
        phase,
        bytesDone,
        bytesTotal,
        cause);
  }

  private String where() {
    return who
        + " was in "
        + phase
        + (bytesTotal == 0 ? "" : ", " + bytesDone + " of " + bytesTotal + " bytes done");
  }
}
