package dev.weightcast.spi.collective;

import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.TensorMismatchException;
import dev.weightcast.api.TransferAbortedException;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferTimeoutException;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** Makes of whatever ends an operation the exception that its caller is told. */
final class FailureTranslation {

  private final String backend;
  private final Membership membership;

  FailureTranslation(String backend, Membership membership) {
    this.backend = backend;
    this.membership = membership;
  }

  /** Whether this thread's interruption is what an exception comes from. */
  static boolean isInterruption(Exception e) {
    @Nullable Throwable each = e;
    while (each != null && !isOfAnotherThread(each)) {
      if (each instanceof InterruptedException) {
        return true;
      }
      each = each.getCause();
    }
    return false;
  }

  private static boolean isOfAnotherThread(Throwable e) {
    return e instanceof ExecutionException || e instanceof CompletionException;
  }

  /** What an operation's failure is told as. What has been told already stays as it is. */
  RuntimeException told(Exception e, OperationProgress progress) {
    return e instanceof RuntimeException already && progress.isTold(e)
        ? already
        : progress.tell(translated(e, progress));
  }

  private RuntimeException translated(Exception e, OperationProgress progress) {
    boolean over = progress.deadline().isOver();
    boolean aborted = e instanceof TransferAbortedException;
    if (e instanceof InterruptedException || aborted) {
      if (over) {
        // A join that does not look at the deadline knows only that the watchdog interrupted it.
        return progress.over(membership.missingRanks(), aborted ? e : null);
      }
      Optional<TransferException> peer = otherRankFailed(progress, e);
      if (peer.isPresent()) {
        return peer.get();
      }
    }
    if (e instanceof InterruptedException) {
      return progress.aborted("its thread was interrupted", e);
    }
    if (e instanceof TransferException already) {
      return progress.isJoining() ? already : inContext(already, over, progress);
    }
    if (e instanceof InvalidInfoException invalid) {
      return invalid;
    }
    if (over) {
      return progress.over(membership.missingRanks(), e);
    }
    Optional<TransferException> peer = otherRankFailed(progress, e);
    if (peer.isPresent()) {
      return peer.get();
    }
    return e instanceof TensorMismatchException mismatch
        ? mismatch
        : progress.failed("the " + backend + " backend", e);
  }

  /** What a wait inside the communicator or the device has thrown knows of no bucket. */
  private TransferException inContext(
      TransferException e, boolean over, OperationProgress progress) {
    if (e instanceof TransferAbortedException) {
      return progress.aborted(String.valueOf(e.getMessage()), e);
    }
    return over && e instanceof TransferTimeoutException
        ? progress.over(membership.missingRanks(), e)
        : e;
  }

  /** That another rank has failed, if that may be what an exception comes from. */
  private Optional<TransferException> otherRankFailed(OperationProgress progress, Exception e) {
    return membership
        .peerFailure(e, progress)
        .or(
            () ->
                progress
                    .seen()
                    .or(membership::failure)
                    .flatMap(failure -> membership.peerFailure(failure, progress)));
  }

  /** What a source, a loader or a listener has thrown. */
  TransferException thrownBy(String what, Exception e, OperationProgress progress) {
    if (progress.deadline().isOver()) {
      return progress.thrownBy(what, e, membership.missingRanks());
    }
    boolean wakened =
        e instanceof TransferException
            || FailureTranslation.isInterruption(e)
            || progress.seen().isPresent();
    return (wakened ? otherRankFailed(progress, e) : membership.peerFailure(e, progress))
        .orElseGet(() -> progress.thrownBy(what, e, membership.missingRanks()));
  }
}
