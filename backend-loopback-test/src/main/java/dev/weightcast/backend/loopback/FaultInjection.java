package dev.weightcast.backend.loopback;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.WeightLoader;
import dev.weightcast.backend.loopback.Fault.Counted;
import dev.weightcast.backend.loopback.Fault.Kind;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A {@link FaultPlan} in place: holds it where a group meets, and keeps the log of what it did.
 *
 * <p>Closing it ends every fault, so that ranks that stand still go on; engines are left alone. May
 * be used from any thread.
 */
public final class FaultInjection implements AutoCloseable {

  private static final Logger LOG = System.getLogger("dev.weightcast");

  /** What one rank has come to, of one thing that is counted. */
  private record Place(int rank, Counted counted) {}

  private final FaultPlan plan;
  private final MeetingPoints points;
  private final Object point;
  private final List<Fault> waiting;
  private final List<FaultRecord> log = new ArrayList<>();
  private final List<FaultRecord> refused = new ArrayList<>();
  private final Map<Place, Integer> reached = new HashMap<>();
  private final List<RankFaults> ranks = new ArrayList<>();
  private boolean closed;

  private FaultInjection(FaultPlan plan, MeetingPoints points, Object point) {
    this.plan = plan;
    this.points = points;
    this.point = point;
    this.waiting = new ArrayList<>(plan.faults());
  }

  static FaultInjection inject(FaultPlan plan, BroadcastInitInfo info, MeetingPoints points) {
    Object point = MeetingPoints.pointOf(info);
    FaultInjection injection = new FaultInjection(plan, points, point);
    points.inject(point, injection);
    return injection;
  }

  /**
   * The plan.
   *
   * @return what shall go wrong
   */
  public FaultPlan plan() {
    return plan;
  }

  /**
   * What has gone wrong so far, in the order it happened.
   *
   * @return a copy
   */
  public synchronized List<FaultRecord> log() {
    return List.copyOf(log);
  }

  /**
   * What has not gone wrong, or not yet, and why: a place that the rank has not come to, or that
   * has nothing of the kind.
   *
   * @return empty if every fault of the plan has happened
   */
  public synchronized List<FaultRecord> notInjected() {
    List<FaultRecord> all = new ArrayList<>(refused);
    for (Fault fault : waiting) {
      all.add(new FaultRecord(fault, false, whyNot(fault)));
    }
    return all;
  }

  private String whyNot(Fault fault) {
    Counted counted = fault.kind().counted();
    String who = "rank " + fault.rank();
    Integer come = reached.get(new Place(fault.rank(), counted));
    if (come == null) {
      return counted == Counted.LOADS
          ? who + " has no loader that was wrapped by FaultInjection.loader and called"
          : who + " did not come that far";
    }
    return counted == Counted.BUCKETS && come == 0
        ? who + " came to the warm-up only"
        : who + " came to " + counted.singular() + " " + come + " only";
  }

  /**
   * Lets a rank go on that {@link FaultPlan.Builder#stop} has stopped; nothing happens to others.
   *
   * @param rank which rank
   */
  public void resume(int rank) {
    ranks().stream().filter(each -> each.rank() == rank).forEach(RankFaults::resume);
  }

  /**
   * A loader that does what the plan says for the rank, and what the given one does.
   *
   * @param rank the worker's rank
   * @param loader what it stands in front of
   * @return a loader for {@code receiveWeights}
   */
  public WeightLoader loader(int rank, WeightLoader loader) {
    return new FaultyLoader(this, rank, loader);
  }

  /** Ends every fault, and takes the plan away. Idempotent. */
  @Override
  public void close() {
    points.withdraw(point, this);
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    ranks().forEach(RankFaults::end);
    List<FaultRecord> missed = notInjected();
    if (!missed.isEmpty()) {
      LOG.log(Level.WARNING, "{0}: {1}", plan, missed);
    }
  }

  private synchronized List<RankFaults> ranks() {
    return List.copyOf(ranks);
  }

  synchronized void add(RankFaults rank) {
    ranks.add(rank);
  }

  /**
   * Whether a fault is due here; then it is in the log, and does not happen again.
   *
   * @param text says what happens
   */
  synchronized Optional<Fault> take(int rank, Kind kind, int at, Function<Fault, String> text) {
    reached.merge(new Place(rank, kind.counted()), at, Math::max);
    if (closed) {
      return Optional.empty();
    }
    for (Iterator<Fault> each = waiting.iterator(); each.hasNext(); ) {
      Fault fault = each.next();
      if (fault.rank() == rank && fault.kind() == kind && fault.at() == at) {
        each.remove();
        log.add(new FaultRecord(fault, true, text.apply(fault)));
        return Optional.of(fault);
      }
    }
    return Optional.empty();
  }

  /** The faults that are due here cannot happen here. */
  synchronized void refuse(int rank, Kind kind, int at, String why) {
    waiting.removeIf(
        fault -> {
          boolean due = fault.rank() == rank && fault.kind() == kind && fault.at() == at;
          if (due) {
            refused.add(new FaultRecord(fault, false, why));
          }
          return due;
        });
  }

  /** Adds what could be known only afterwards to the last line about a fault. */
  synchronized void note(Fault fault, String text) {
    for (int i = log.size() - 1; i >= 0; i--) {
      FaultRecord line = log.get(i);
      if (line.fault().equals(fault)) {
        log.set(i, new FaultRecord(fault, true, line.text() + "; " + text));
        return;
      }
    }
  }

  /** The plan, what has happened and what has not, a line each. */
  @Override
  public String toString() {
    List<FaultRecord> all = new ArrayList<>(log());
    all.addAll(notInjected());
    return all.stream()
        .map(line -> "\n  " + line)
        .collect(Collectors.joining("", plan.toString(), ""));
  }
}
