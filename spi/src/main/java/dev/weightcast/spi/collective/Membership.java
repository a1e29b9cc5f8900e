package dev.weightcast.spi.collective;

import dev.weightcast.api.TransferException;
import dev.weightcast.api.WeightTransferException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The group that an engine is in: its live channel, and what is agreed on beside it. */
final class Membership {

  private static final Pattern LINE_BREAKS = Pattern.compile("\\s*\\R\\s*");

  private final int root;
  private volatile @Nullable ProcessGroup group;
  private volatile @Nullable Communicator communicator;
  private volatile @Nullable TransferAgreement agreement;
  private List<Integer> foreign = List.of();

  /**
   * @param root the rank that sends, in every group
   */
  Membership(int root) {
    this.root = root;
  }

  /** Says which group is about to be joined. */
  void enter(ProcessGroup next) {
    group = next;
  }

  /** Says that it has been joined. */
  void joined(Communicator live) {
    List<Integer> ours = live.sideChannel().map(SideChannel::ranks).orElse(List.of(live.rank()));
    foreign =
        IntStream.range(0, live.worldSize()).boxed().filter(rank -> !ours.contains(rank)).toList();
    agreement =
        live.sideChannel()
            .filter(channel -> ours.contains(root))
            .<TransferAgreement>map(
                channel -> new NoteAgreement(channel, live.rank(), root, this::checkHealth))
            .orElse(null);
    communicator = live;
  }

  /** Says that all ranks are ours and have no way to each other but collectives. */
  void areAllOurs(InBandExchange exchange) {
    foreign = List.of();
    agreement =
        new InBandAgreement(exchange, communicator().rank(), root, () -> failure().isPresent());
  }

  /** The live channel; an operation that needs it is only let in while there is one. */
  Communicator communicator() {
    Communicator present = communicator;
    if (present == null) {
      throw new IllegalStateException("this engine is in no group");
    }
    return present;
  }

  ProcessGroup group() {
    ProcessGroup present = group;
    if (present == null) {
      throw new IllegalStateException("this engine is in no group");
    }
    return present;
  }

  /** As in {@code rank 2 of 4 at 10.0.0.5:29500}, also before there is a group. */
  String describe() {
    ProcessGroup present = group;
    return present == null ? "this rank" : present.toString();
  }

  /** What is agreed on with the root; empty if it is foreign or there is no way to it. */
  Optional<TransferAgreement> agreement() {
    return Optional.ofNullable(agreement);
  }

  /** The workers that cannot say what they hold. */
  List<Integer> foreignWorkers() {
    return agreement == null
        ? IntStream.range(0, communicator().worldSize())
            .boxed()
            .filter(rank -> rank != root)
            .toList()
        : foreign;
  }

  /** What cannot be compared in this group, as a sentence; empty if everything can. */
  String uncheckable() {
    Communicator live = communicator();
    if (agreement != null && foreign.isEmpty()) {
      return "";
    }
    if (live.sideChannel().isEmpty()) {
      return "There is no channel to the other ranks of this group, and not all of them are"
          + " Weightcast's own, so that nothing could be compared with them, and nothing is"
          + " acknowledged.";
    }
    List<String> names = foreign.stream().map(String::valueOf).toList();
    boolean one = names.size() == 1;
    String rootIs = foreign.contains(root) ? " (rank " + root + " is the root)" : "";
    return (one ? "Rank " : "Ranks ")
        + String.join(", ", names)
        + rootIs
        + (one ? " is" : " are")
        + " not Weightcast's own: "
        + (one ? "its" : "their")
        + " tensors and packing could not be compared, and "
        + (one ? "it does" : "they do")
        + " not acknowledge.";
  }

  /** What the communicator knows to have failed, if there is one. */
  Optional<WeightTransferException> failure() {
    Communicator present = communicator;
    return present == null ? Optional.empty() : present.failure();
  }

  void checkHealth(OperationProgress progress) {
    Optional<WeightTransferException> failure = communicator().failure().or(progress::seen);
    if (failure.isPresent()) {
      throw told(failure.get(), progress, null);
    }
  }

  private static TransferException told(
      WeightTransferException failure, OperationProgress progress, @Nullable Throwable last) {
    return failure instanceof PeerFailure peer
        ? progress.rankFailed(peer, last)
        : progress.failed("the communicator", failure);
  }

  /** That another rank has failed, if this is what an exception comes from. */
  Optional<TransferException> peerFailure(@Nullable Throwable e, OperationProgress progress) {
    for (Throwable each = e; each != null; each = each.getCause()) {
      if (each instanceof PeerFailure peer) {
        return Optional.of(progress.rankFailed(peer, e));
      }
    }
    return Optional.empty();
  }

  List<Integer> missingRanks() {
    TransferAgreement present = agreement;
    List<Integer> silent = present == null ? List.of() : present.waitingFor();
    Communicator live = communicator;
    return silent.isEmpty() && live != null ? live.missingRanks() : silent;
  }

  /** Ends what is under way, and tells the others why, in one line. */
  void abort(String reason) {
    Communicator present = communicator;
    if (present != null) {
      present.abort(LINE_BREAKS.matcher(reason).replaceAll(" | "));
    }
  }

  /**
   * Leaves the group.
   *
   * @param inPeace whether nothing has failed here: then others may still need this rank a moment
   */
  void leave(boolean inPeace) {
    Communicator present = communicator;
    TransferAgreement agreed = agreement;
    communicator = null;
    agreement = null;
    if (present == null) {
      return;
    }
    if (agreed != null && inPeace) {
      agreed.part(() -> present.failure().isPresent());
    }
    present.close();
  }
}
