package dev.weightcast.backend.nccl;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.WeightTransferException;
import dev.weightcast.rendezvous.FailureWatch;
import dev.weightcast.rendezvous.GroupFailedException;
import dev.weightcast.rendezvous.GroupFailure;
import dev.weightcast.rendezvous.StatelessProcessGroup;
import dev.weightcast.rendezvous.Store;
import dev.weightcast.spi.collective.PeerFailure;
import dev.weightcast.spi.collective.SideChannel;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the ranks of ours in one group say to each other over its store: notes under {@code
 * weightcast/note/<rank>/<name>}, and the first failure.
 */
final class StoreChannel implements SideChannel, Peers {

  private static final Logger LOG = System.getLogger("dev.weightcast.backend.nccl");

  private static final String NOTE_KEY = "weightcast/note/";

  /** How long an abort waits for its reason to get to the store. */
  private static final Duration TELLING = Duration.ofMillis(120);

  private final StatelessProcessGroup group;
  private final Store store;
  private final FailureWatch watch;
  private List<Integer> ranks = List.of();
  private volatile @Nullable WeightTransferException failure;

  /**
   * A channel over a group with a failure watch.
   *
   * @param group stays its caller's to leave
   */
  StoreChannel(StatelessProcessGroup group) {
    this.group = group;
    this.store = group.store();
    this.watch = group.failureWatch().orElseThrow();
  }

  /** Asks who is of ours; to be called when something of rank 0's has come. */
  void open(Deadline deadline) {
    ranks = group.ownRanks(deadline);
    watch.leaveConnectionOpen(); // the engines look after failures, and read last words
  }

  @Override
  public List<Integer> ranks() {
    return ranks;
  }

  /** Empty where rank 0 is a foreign one, which does not say who is of ours. */
  @Override
  public Optional<SideChannel> sideChannel() {
    return ranks.contains(group.rank()) ? Optional.of(this) : Optional.empty();
  }

  @Override
  public void post(String name, byte[] note, Deadline deadline) {
    ask(
        deadline,
        () -> {
          store.set(key(group.rank(), name), note, deadline);
          return note;
        });
  }

  @Override
  public Optional<byte[]> read(int rank, String name, Duration patience, Deadline deadline) {
    List<String> key = List.of(key(rank, name));
    return ask(
        deadline,
        () ->
            (patience.isZero() ? store.check(key, deadline) : store.await(key, patience, deadline))
                ? Optional.of(store.get(key.get(0), deadline))
                : Optional.empty());
  }

  @Override
  public void remove(String name, Deadline deadline) {
    ask(deadline, () -> store.delete(key(group.rank(), name), deadline));
  }

  private static String key(int rank, String name) {
    return NOTE_KEY + rank + "/" + name;
  }

  private <T> T ask(Deadline deadline, Supplier<T> question) {
    try {
      return question.get();
    } catch (TransferException e) {
      throw explain(e, deadline);
    }
  }

  @Override
  public Optional<WeightTransferException> failure() {
    WeightTransferException known = failure;
    if (known == null) {
      known = watch.failure().map(StoreChannel::asException).orElse(null);
      failure = known;
    }
    return Optional.ofNullable(known);
  }

  private static WeightTransferException asException(GroupFailure failure) {
    return failure.rank().isPresent()
        ? new PeerFailure(failure.rank().getAsInt(), failure.message())
        : new WeightTransferException(failure.message());
  }

  @Override
  public boolean mayStillSay() {
    return watch.isWatching();
  }

  @Override
  public RuntimeException explain(RuntimeException e, Deadline deadline) {
    return explained(watch.explain(e, deadline));
  }

  /** What the group says as it ends, in the words of a communicator. */
  static RuntimeException explained(RuntimeException e) {
    if (e instanceof GroupFailedException over) {
      WeightTransferException told = asException(over.failure());
      if (over.getCause() != null) {
        told.initCause(over.getCause());
      }
      return told;
    }
    return e;
  }

  @Override
  public void tell(String reason) {
    watch.tell(reason);
  }

  @Override
  public void awaitTold() {
    if (!watch.awaitEnd(TELLING)) {
      LOG.log(Level.DEBUG, "rank {0} goes before the others could be told why", group.rank());
    }
  }
}
