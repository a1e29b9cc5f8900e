package dev.weightcast.spi.collective;

import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TransferMismatchException;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * What the ranks of ours in one group agree on around each transfer: before the first byte, that
 * all are about to transfer the same; at the end, that all have it. Every rank calls the same of it
 * in the same order. Belongs to the operation's thread.
 */
interface TransferAgreement {

  /** The ranks that are waited for now, where that is known; asked by any thread. */
  List<Integer> waitingFor();

  /** The ranks of ours besides this one. */
  List<Integer> others();

  /**
   * Compares, and returns if all are about to transfer the same.
   *
   * @param mine what this rank is about to transfer
   * @param specs its tensors
   * @param version what the root calls them
   * @return the version that the root has announced
   * @throws TransferMismatchException if not; on every rank the same
   */
  Optional<String> agree(
      TransferProposal mine,
      List<TensorSpec> specs,
      Optional<String> version,
      OperationProgress progress)
      throws InterruptedException;

  /** The root tells the workers something about this transfer. */
  void publish(String what, byte[] note, OperationProgress progress) throws InterruptedException;

  /** What the root tells about this transfer. */
  byte[] awaitOfRoot(String what, OperationProgress progress) throws InterruptedException;

  /** Says that this worker holds everything; from here on it needs nobody any more. */
  void acknowledge(OperationProgress progress) throws InterruptedException;

  /** Waits until all workers of ours hold everything. */
  void awaitAcknowledgements(OperationProgress progress) throws InterruptedException;

  /**
   * Waits a little before this rank leaves in peace: others may still receive through it. Never
   * throws.
   *
   * @param isTroubled whether the group has failed, and nothing is left to be waited for
   */
  void part(BooleanSupplier isTroubled);

  /**
   * A difference, in words.
   *
   * @param differing the ranks that differ from the root, at least one
   * @param what the first of them differs in
   */
  static String difference(Collection<Integer> differing, int root, String what) {
    List<String> ranks = differing.stream().map(String::valueOf).toList();
    List<String> more = ranks.subList(1, ranks.size());
    return "rank "
        + ranks.get(0)
        + " differs from rank "
        + root
        + ", the root: "
        + what
        + (more.isEmpty() ? "" : "; different from the root too: rank " + String.join(", ", more));
  }
}
