package dev.weightcast.spi.collective;

import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.TensorMismatchException;
import dev.weightcast.api.TransferAbortedException;
import dev.weightcast.api.TransferException;
import java.util.Optional;

/** Makes of whatever ends an operation the exception that its caller is told. */
final class FailureTranslation {

  private final String backend;
  private final Membership membership;

  FailureTranslation(String backend, Membership membership) {
    this.backend = backend;
    this.membership = membership;
  }

  static boolean isInterruption(Exception e) {
    return e instanceof InterruptedException || e.getCause() instanceof InterruptedException;
  }

  /** What an operation's failure is told as. What has been told already stays as it is. */
  RuntimeException told(Exception e, OperationProgress progress) {
    boolean over = progress.deadline().isOver();
    boolean aborted = e instanceof TransferAbortedException && isInterruption(e);
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
      return already;
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
