package dev.weightcast.backend.loopback;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.DeviceStream;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.WeightLoader;
import dev.weightcast.backend.loopback.Fault.Kind;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** A loader in front of the user's, that is slow or throws where the plan says so. */
final class FaultyLoader implements WeightLoader {

  private final FaultInjection injection;
  private final int rank;
  private final WeightLoader loader;
  private final AtomicInteger calls = new AtomicInteger();

  FaultyLoader(FaultInjection injection, int rank, WeightLoader loader) {
    this.injection = injection;
    this.rank = rank;
    this.loader = loader;
  }

  @Override
  public void load(List<Tensor> weights, DeviceStream stream, Deadline deadline) {
    int call = calls.incrementAndGet();
    Duration start = deadline.elapsed();
    Optional<Fault> slow =
        injection.take(
            rank,
            Kind.SLOW_LOADER,
            call,
            fault ->
                "rank " + rank + "'s loader takes " + fault.duration() + " before call " + call);
    slow.ifPresent(fault -> waste(start.plus(fault.duration()), deadline));
    injection
        .take(rank, Kind.FAIL_LOADER, call, fault -> "rank " + rank + "'s loader threw at " + call)
        .ifPresent(
            fault -> {
              throw new IllegalStateException(
                  "the loader of rank " + rank + " throws at call " + call + ", as planned");
            });
    loader.load(weights, stream, deadline);
  }

  /** A loader knows of no deadline; this one only does not outlive it or an interruption. */
  private static void waste(Duration until, Deadline deadline) {
    while (deadline.elapsed().compareTo(until) < 0
        && !deadline.isOver()
        && !Thread.currentThread().isInterrupted()) {
      LockSupport.parkNanos(500_000);
    }
  }
}
