package dev.weightcast.spi.collective;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.DeviceEvent;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferPhase;
import dev.weightcast.api.WeightTransferException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/**
 * Agrees by collectives, in a group whose ranks are all ours and have no other way to each other.
 *
 * <p>Around each transfer: every rank's proposal goes to every rank, so that all come to the same
 * verdict by themselves; the root's name for the version follows if it has one; where tensors
 * differ, the root's list and that of the first rank that differs follow. At the end one all-reduce
 * brings the root the acknowledgements.
 */
final class InBandAgreement implements TransferAgreement {

  private static final Logger LOG = System.getLogger("dev.weightcast");

  /**
   * What a rank of ours says in the warm-up, whose result a foreign one never looks at: any number
   * of them sum up exactly, and nobody else says it by chance.
   */
  private static final float MARK = 3f * (1L << 40);

  /** What the others get to hear all before this rank leaves because of a difference. */
  private static final Duration HEARING = Duration.ofSeconds(1);

  /**
   * What this rank has passed on may be under way a little longer than its own part takes; leaving
   * would take it away.
   */
  private static final Duration PARTING = Duration.ofMillis(100);

  private final InBandExchange exchange;
  private final int rank;
  private final int root;
  private final BooleanSupplier isTroubled;
  private long completedNanos;
  private boolean completed;

  /**
   * @param isTroubled whether the communicator has failed
   */
  InBandAgreement(InBandExchange exchange, int rank, int root, BooleanSupplier isTroubled) {
    this.exchange = exchange;
    this.rank = rank;
    this.root = root;
    this.isTroubled = isTroubled;
  }

  /** The warm-up, in which the ranks find out whether all are ours: on all of them the same. */
  static boolean isAllOurs(InBandExchange exchange, OperationProgress progress)
      throws InterruptedException {
    return exchange.sum(MARK, progress) == MARK * exchange.worldSize();
  }

  /** Who is missing in a collective cannot be known here. */
  @Override
  public List<Integer> waitingFor() {
    return List.of();
  }

  @Override
  public List<Integer> others() {
    return IntStream.range(0, exchange.worldSize()).filter(each -> each != rank).boxed().toList();
  }

  @Override
  public Optional<String> agree(
      TransferProposal mine,
      List<TensorSpec> specs,
      Optional<String> version,
      OperationProgress progress)
      throws InterruptedException {
    progress.enter(TransferPhase.AGREEMENT);
    try {
      return decide(mine, specs, version, progress);
    } catch (IOException e) {
      throw unreadable(e, progress);
    }
  }

  private static TransferException unreadable(IOException e, OperationProgress progress) {
    return progress.failed("what another rank says cannot be read", e);
  }

  private Optional<String> decide(
      TransferProposal mine,
      List<TensorSpec> specs,
      Optional<String> version,
      OperationProgress progress)
      throws InterruptedException, IOException {
    boolean named = version.isPresent() && rank == mine.root();
    List<TransferProposal> proposals = new ArrayList<>();
    boolean follows = false;
    int sender = 0;
    for (byte[] note : exchange.gather(noteOf(mine, named), progress)) {
      TransferProposal proposal = proposalOf(note);
      sender = proposals.isEmpty() ? senderOf(proposal) : sender;
      follows |= proposals.size() == sender && note[0] == 1;
      proposals.add(proposal);
    }
    List<Integer> differing = differing(proposals, sender);
    if (differing.isEmpty()) {
      return follows
          ? Optional.of(text(exchange.tell(sender, bytes(version.orElse("")), progress)))
          : Optional.empty();
    }
    int first = differing.get(0);
    Optional<String> parameter =
        proposals.get(sender).parameterDifference(sender, first, proposals.get(first));
    String what =
        parameter.isPresent() ? parameter.get() : tensorDifference(sender, first, specs, progress);
    awaitHeard(progress);
    throw progress.mismatch(TransferAgreement.difference(differing, sender, what), first);
  }

  /** Who sends, as rank 0 sees it; whoever sees it otherwise differs. */
  private int senderOf(TransferProposal ofRankZero) {
    return Math.min(Math.max(ofRankZero.root(), 0), exchange.worldSize() - 1);
  }

  private static List<Integer> differing(List<TransferProposal> proposals, int sender) {
    TransferProposal sent = proposals.get(sender);
    return IntStream.range(0, proposals.size())
        .filter(
            each ->
                sent.parameterDifference(sender, each, proposals.get(each)).isPresent()
                    || !sent.hasSameTensors(proposals.get(each)))
        .boxed()
        .toList();
  }

  /** Whether a version follows, how long the proposal is, and the proposal. */
  private static byte[] noteOf(TransferProposal mine, boolean named) {
    byte[] proposal = mine.toNote();
    if (proposal.length > InBandExchange.NOTE_BYTES - 2) {
      throw new IllegalStateException("a proposal of " + proposal.length + " bytes");
    }
    return ByteBuffer.allocate(InBandExchange.NOTE_BYTES)
        .put((byte) (named ? 1 : 0))
        .put((byte) proposal.length)
        .put(proposal)
        .array();
  }

  private static TransferProposal proposalOf(byte[] note) throws IOException {
    int length = Math.min(note[1] & 0xff, note.length - 2);
    return TransferProposal.fromNote(Arrays.copyOfRange(note, 2, 2 + length));
  }

  private String tensorDifference(
      int sender, int differing, List<TensorSpec> specs, OperationProgress progress)
      throws InterruptedException, IOException {
    byte[] mine = rank == sender || rank == differing ? listed(specs) : new byte[0];
    List<TensorSpec> sent = specsOf(exchange.tell(sender, mine, progress));
    List<TensorSpec> expected = specsOf(exchange.tell(differing, mine, progress));
    return SpecNotes.firstDifference(sent, sender, expected, differing);
  }

  private static byte[] listed(List<TensorSpec> specs) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] note : SpecNotes.toNotes(specs)) {
      all.write(note, 1, note.length - 1);
    }
    return all.toByteArray();
  }

  private static List<TensorSpec> specsOf(byte[] list) throws IOException {
    byte[] note = new byte[1 + list.length];
    System.arraycopy(list, 0, note, 1, list.length);
    return SpecNotes.fromNotes(List.of(note));
  }

  /** Whoever leaves takes the others' last collective away; here all have had theirs. */
  private void awaitHeard(OperationProgress progress) throws InterruptedException {
    progress.settle();
    try {
      awaitQuietly(exchange.beginSum(1).done(), Deadline.after(HEARING), progress);
    } catch (WeightTransferException e) {
      LOG.log(Level.DEBUG, "another rank has left already", e);
    }
  }

  /** Waits for what nothing depends on. */
  private void awaitQuietly(DeviceEvent event, Deadline patience, OperationProgress progress)
      throws InterruptedException {
    while (!patience.isOver()
        && !progress.deadline().isOver()
        && !isTroubled.getAsBoolean()
        && !event.await(patience.slice())) {
      // again
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @Override
  public void publish(String what, byte[] note, OperationProgress progress)
      throws InterruptedException {
    progress.enter(TransferPhase.ACKNOWLEDGEMENT); // the slowest worker may be waited for here
    told(note, progress);
  }

  @Override
  public byte[] awaitOfRoot(String what, OperationProgress progress) throws InterruptedException {
    return told(new byte[0], progress);
  }

  private byte[] told(byte[] note, OperationProgress progress) throws InterruptedException {
    try {
      return exchange.tell(root, note, progress);
    } catch (IOException e) {
      throw unreadable(e, progress);
    }
  }

  /**
   * Once this rank's part is on its stream, the worker has succeeded whatever happens to others: it
   * waits for them because its next allocation could be in their way.
   */
  @Override
  public void acknowledge(OperationProgress progress) {
    progress.enter(TransferPhase.ACKNOWLEDGEMENT);
    InBandExchange.Sum sum = exchange.beginSum(1);
    progress.settle();
    try {
      awaitQuietly(sum.done(), progress.deadline(), progress);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (WeightTransferException e) {
      LOG.log(Level.DEBUG, "after this rank has acknowledged", e);
    }
    complete();
  }

  private void complete() {
    completed = true;
    completedNanos = System.nanoTime();
  }

  @Override
  public void awaitAcknowledgements(OperationProgress progress) throws InterruptedException {
    progress.enter(TransferPhase.ACKNOWLEDGEMENT);
    float sum = exchange.sum(0, progress);
    complete();
    int workers = exchange.worldSize() - 1;
    if (sum != workers) {
      throw progress.failed(
          "the acknowledgements",
          new IOException(workers + " were expected, and their sum came to " + sum));
    }
  }

  @Override
  public void part(BooleanSupplier hasFailed) {
    if (!completed) {
      return;
    }
    long end = completedNanos + PARTING.toNanos();
    while (end - System.nanoTime() > 0
        && !hasFailed.getAsBoolean()
        && !Thread.currentThread().isInterrupted()) {
      LockSupport.parkNanos(PARTING.toNanos() / 100);
    }
  }
}
