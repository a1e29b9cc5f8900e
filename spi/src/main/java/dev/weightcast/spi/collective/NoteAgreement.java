package dev.weightcast.spi.collective;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.RankFailedException;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferPhase;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Agrees over the side channel.
 *
 * <p>Every rank counts the transfers of its group and posts its notes under the number: {@code
 * proposal}, then the root's {@code verdict} (and where tensors differ {@code tensors_0} … of the
 * rank that differs and the root's {@code ruling}), a worker's {@code heard} or {@code done}, and
 * the root's {@code complete}. The notes of a transfer are taken away once the next is agreed on.
 */
final class NoteAgreement implements TransferAgreement {

  /** What the others get to hear a verdict before the root leaves. */
  private static final Duration HEARING = Duration.ofSeconds(1);

  /** What the others get to have their parts before this rank leaves. */
  private static final Duration PARTING = Duration.ofSeconds(2);

  /** The content of a note that says all by being there. */
  private static final byte[] PRESENT = {1};

  private final NoteExchange notes;
  private final int rank;
  private final int root;
  private final List<Integer> others;
  private long number;
  private boolean awaitsCompletion;

  /**
   * @param channel reaches the root
   * @param rank this rank
   * @param root the rank that sends
   * @param health throws if the communicator has failed
   */
  NoteAgreement(SideChannel channel, int rank, int root, Consumer<OperationProgress> health) {
    this.notes = new NoteExchange(channel, health);
    this.rank = rank;
    this.root = root;
    this.others = channel.ranks().stream().filter(each -> each != rank).toList();
  }

  @Override
  public List<Integer> waitingFor() {
    return notes.waitingFor();
  }

  @Override
  public List<Integer> others() {
    return others;
  }

  @Override
  public Optional<String> agree(
      TransferProposal mine,
      List<TensorSpec> specs,
      Optional<String> version,
      OperationProgress progress) {
    progress.enter(TransferPhase.AGREEMENT);
    number++;
    awaitsCompletion = false;
    notes.post(name("proposal"), mine.toNote(), progress);
    Optional<String> agreed =
        rank == root
            ? decide(mine, specs, version, progress)
            : obey(awaitVerdict("verdict", progress), specs, progress);
    notes.removeAllBut(
        prefix(), progress.deadline()); // whoever is here has read what there was before
    return agreed;
  }

  private String prefix() {
    return "t" + number + "/";
  }

  private String name(String what) {
    return prefix() + what;
  }

  private Optional<String> decide(
      TransferProposal mine,
      List<TensorSpec> specs,
      Optional<String> version,
      OperationProgress progress) {
    Map<Integer, TransferProposal> differing = new TreeMap<>();
    for (var note : notes.await(others, name("proposal"), progress).entrySet()) {
      TransferProposal theirs =
          read(note.getKey(), progress, () -> TransferProposal.fromNote(note.getValue()));
      if (mine.parameterDifference(rank, note.getKey(), theirs).isPresent()
          || !mine.hasSameTensors(theirs)) {
        differing.put(note.getKey(), theirs);
      }
    }
    if (differing.isEmpty()) {
      notes.post(name("verdict"), Verdict.agreed(version).toNote(), progress);
      return version;
    }
    int first = differing.keySet().iterator().next();
    Optional<String> parameter =
        mine.parameterDifference(rank, first, differing.values().iterator().next());
    String ruling = "verdict";
    if (parameter.isEmpty()) {
      notes.post(name("verdict"), Verdict.tensorsWanted(first).toNote(), progress);
      parameter = Optional.of(tensorDifference(first, specs, progress));
      ruling = "ruling";
    }
    String difference = TransferAgreement.difference(differing.keySet(), root, parameter.get());
    notes.post(name(ruling), Verdict.differs(first, difference).toNote(), progress);
    awaitHeard();
    throw progress.mismatch(difference, first);
  }

  private String tensorDifference(int other, List<TensorSpec> specs, OperationProgress progress) {
    List<byte[]> chunks = new ArrayList<>();
    do {
      chunks.add(notes.await(other, name("tensors_" + chunks.size()), progress));
    } while (SpecNotes.isFollowed(chunks.get(chunks.size() - 1)));
    List<TensorSpec> theirs = read(other, progress, () -> SpecNotes.fromNotes(chunks));
    return SpecNotes.firstDifference(specs, rank, theirs, other);
  }

  /** Whoever has not heard by then is told by this rank's leaving. */
  private void awaitHeard() {
    notes.awaitQuietly(others, name("heard"), Deadline.after(HEARING), () -> false);
  }

  private Optional<String> obey(
      Verdict verdict, List<TensorSpec> specs, OperationProgress progress) {
    if (verdict.kind() == Verdict.Kind.AGREED) {
      return verdict.version();
    }
    Verdict last = verdict;
    if (verdict.kind() == Verdict.Kind.TENSORS_WANTED) {
      if (verdict.rank() == rank) {
        List<byte[]> chunks = SpecNotes.toNotes(specs);
        for (int i = 0; i < chunks.size(); i++) {
          notes.post(name("tensors_" + i), chunks.get(i), progress);
        }
      }
      last = awaitVerdict("ruling", progress);
    }
    notes.postQuietly(name("heard"), PRESENT, Deadline.after(HEARING));
    throw progress.mismatch(last.difference(), last.rank());
  }

  private Verdict awaitVerdict(String what, OperationProgress progress) {
    byte[] note;
    try {
      note = notes.await(root, name(what), progress);
    } catch (RankFailedException e) {
      // Whoever has heard the verdict leaves, and may have been faster than it.
      note = lastLook().orElseThrow(() -> e);
    }
    byte[] found = note;
    return read(root, progress, () -> Verdict.fromNote(found));
  }

  /** Also at ranks that this one does not take for the root: that may be the difference. */
  private Optional<byte[]> lastLook() {
    Deadline deadline = Deadline.after(HEARING);
    for (String what : List.of("ruling", "verdict")) {
      for (int other : others) {
        Optional<byte[]> note = notes.lookOnce(other, name(what), deadline);
        if (note.isPresent() && Verdict.isFinal(note.get())) {
          return note;
        }
      }
    }
    return Optional.empty();
  }

  @Override
  public void publish(String what, byte[] note, OperationProgress progress) {
    notes.post(name(what), note, progress);
  }

  @Override
  public byte[] awaitOfRoot(String what, OperationProgress progress) {
    return notes.await(root, name(what), progress);
  }

  @Override
  public void acknowledge(OperationProgress progress) {
    progress.settle();
    progress.enter(TransferPhase.ACKNOWLEDGEMENT);
    notes.post(name("done"), PRESENT, progress);
    awaitsCompletion = true;
  }

  @Override
  public void awaitAcknowledgements(OperationProgress progress) {
    progress.enter(TransferPhase.ACKNOWLEDGEMENT);
    notes.await(others, name("done"), progress);
    notes.postQuietly(name("complete"), PRESENT, Deadline.after(HEARING));
  }

  @Override
  public void part(BooleanSupplier isTroubled) {
    if (awaitsCompletion) {
      awaitsCompletion = false;
      notes.awaitQuietly(List.of(root), name("complete"), Deadline.after(PARTING), isTroubled);
    }
    if (!isTroubled.getAsBoolean()) {
      notes.removeAll();
    }
  }

  private interface Reading<T> {
    T read() throws IOException;
  }

  private static <T> T read(int from, OperationProgress progress, Reading<T> reading) {
    try {
      return reading.read();
    } catch (IOException e) {
      throw unreadable(from, progress, e);
    }
  }

  private static TransferException unreadable(
      int from, OperationProgress progress, IOException cause) {
    return progress.failed("a note of rank " + from + " cannot be read", cause);
  }
}
