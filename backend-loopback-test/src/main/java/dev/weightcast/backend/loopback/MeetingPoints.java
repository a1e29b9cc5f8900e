package dev.weightcast.backend.loopback;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.Deadline;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.TransferAbortedException;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferPhase;
import dev.weightcast.api.TransferTimeoutException;
import dev.weightcast.spi.collective.ProcessGroup;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where ranks of one JVM wait for each other, by address and port or unique id: what the network
 * and the store are to other backends.
 */
final class MeetingPoints {

  /** There is one network in a JVM, and so one of these. */
  static final MeetingPoints OF_THIS_JVM = new MeetingPoints();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Map<Object, Gathering> gatherings = new HashMap<>();
  private final Map<Object, FaultInjection> injections = new HashMap<>();

  /** Those who wait at one point. */
  private static final class Gathering {
    private final ProcessGroup first;
    private final Set<Integer> present = new TreeSet<>();
    private @Nullable LoopbackGroup complete;
    private @Nullable String conflict;

    private Gathering(ProcessGroup first) {
      this.first = first;
    }

    private List<Integer> missing() {
      return IntStream.range(0, first.worldSize())
          .filter(rank -> !present.contains(rank))
          .boxed()
          .toList();
    }
  }

  /** Where those who were told this meet. */
  static Object pointOf(BroadcastInitInfo info) {
    return info.uniqueId()
        .<Object>map(id -> id)
        .orElseGet(
            () -> info.masterAddress().orElseThrow() + ":" + info.masterPort().orElseThrow());
  }

  void inject(Object point, FaultInjection injection) {
    lock.lock();
    try {
      FaultInjection present = injections.putIfAbsent(point, injection);
      if (present != null) {
        throw new InvalidInfoException(
            "another fault plan is injected at " + point + " and not closed: " + present.plan());
      }
    } finally {
      lock.unlock();
    }
  }

  void withdraw(Object point, FaultInjection injection) {
    lock.lock();
    try {
      injections.remove(point, injection);
    } finally {
      lock.unlock();
    }
  }

  /** What goes wrong with a rank that joins now. */
  RankFaults faultsOf(ProcessGroup group, Deadline clock) {
    lock.lock();
    try {
      FaultInjection injection = injections.get(pointOf(group.info()));
      return injection == null ? RankFaults.NONE : RankFaults.of(injection, group.rank(), clock);
    } finally {
      lock.unlock();
    }
  }

  /** Where somebody waits or a fault plan is injected, for the account of what is left. */
  List<String> open() {
    lock.lock();
    try {
      return Stream.concat(
              gatherings.keySet().stream().map(point -> "gathering at " + point),
              injections.keySet().stream().map(point -> "fault plan at " + point))
          .toList();
    } finally {
      lock.unlock();
    }
  }

  /** Waits until all ranks are there; the last one to come wakes the others. */
  LoopbackGroup join(ProcessGroup group, Deadline deadline) {
    return join(group, rank -> false, deadline);
  }

  /** The same with ranks that are not Weightcast's own; the last one to come decides which. */
  LoopbackGroup join(ProcessGroup group, IntPredicate foreign, Deadline deadline) {
    return join(pointOf(group.info()), group, foreign, deadline);
  }

  /** Waits in vain where none of the others looks. */
  LoopbackGroup joinNobody(ProcessGroup group, Deadline deadline) {
    return join(new Object(), group, rank -> false, deadline);
  }

  private LoopbackGroup join(
      Object point, ProcessGroup group, IntPredicate foreign, Deadline deadline) {
    lock.lock();
    try {
      Gathering gathering = gatherings.computeIfAbsent(point, key -> new Gathering(group));
      arrive(gathering, group);
      if (gathering.conflict != null || gathering.missing().isEmpty()) {
        gatherings.remove(point, gathering);
        changed.signalAll();
      }
      if (gathering.conflict == null && gathering.missing().isEmpty()) {
        gathering.complete = new LoopbackGroup(group.worldSize(), foreign);
      }
      return await(gathering, group, point, deadline);
    } finally {
      lock.unlock();
    }
  }

  private static void arrive(Gathering gathering, ProcessGroup group) {
    if (group.worldSize() != gathering.first.worldSize()) {
      gathering.conflict =
          "rank "
              + gathering.first.rank()
              + " was told world_size "
              + gathering.first.worldSize()
              + ", rank "
              + group.rank()
              + " was told "
              + group.worldSize();
    } else if (!gathering.present.add(group.rank())) {
      gathering.conflict =
          "two workers came as rank " + group.rank() + "; are their rank offsets right?";
    }
  }

  private LoopbackGroup await(
      Gathering gathering, ProcessGroup group, Object point, Deadline deadline) {
    try {
      while (true) {
        if (gathering.conflict != null) {
          throw failed(group + " cannot join: " + gathering.conflict);
        }
        LoopbackGroup complete = gathering.complete;
        if (complete != null) {
          return complete;
        }
        if (deadline.isOver()) {
          leave(gathering, group, point);
          throw over(gathering, group, deadline);
        }
        changed.awaitNanos(deadline.slice().toNanos());
      }
    } catch (InterruptedException e) {
      LoopbackGroup complete = gathering.complete;
      if (complete != null) { // the others have gone on already, and count on this rank
        complete.fail(group.rank(), "its thread was interrupted while it joined");
      }
      leave(gathering, group, point);
      Thread.currentThread().interrupt();
      throw new TransferAbortedException(
          "interrupted while " + waiting(gathering, group), TransferPhase.RENDEZVOUS, 0, 0, e);
    }
  }

  private void leave(Gathering gathering, ProcessGroup group, Object point) {
    gathering.present.remove(group.rank());
    if (gathering.present.isEmpty()) {
      gatherings.remove(point, gathering);
    }
  }

  private static TransferException over(
      Gathering gathering, ProcessGroup group, Deadline deadline) {
    List<Integer> missing =
        gathering.missing().stream().filter(rank -> rank != group.rank()).toList();
    return deadline
        .cancellation()
        .<TransferException>map(
            reason ->
                new TransferAbortedException(
                    "cancelled while " + waiting(gathering, group) + ": " + reason,
                    TransferPhase.RENDEZVOUS,
                    0,
                    0,
                    null))
        .orElseGet(
            () ->
                new TransferTimeoutException(
                    "gave up after "
                        + deadline.timeout()
                        + " while "
                        + waiting(gathering, group)
                        + "; was every rank started in this JVM, with the same address, port and"
                        + " world size?",
                    deadline.timeout(),
                    TransferPhase.RENDEZVOUS,
                    0,
                    0,
                    missing,
                    null));
  }

  private static String waiting(Gathering gathering, ProcessGroup group) {
    List<String> missing =
        gathering.missing().stream()
            .filter(rank -> rank != group.rank())
            .map(String::valueOf)
            .toList();
    return group + " waited in rendezvous for rank " + String.join(", ", missing);
  }

  private static TransferException failed(String message) {
    return new TransferException(message, TransferPhase.RENDEZVOUS, 0, 0, null);
  }
}
