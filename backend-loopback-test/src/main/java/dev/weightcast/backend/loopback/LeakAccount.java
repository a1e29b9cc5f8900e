package dev.weightcast.backend.loopback;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.DeviceContext;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.spi.collective.DeviceAccount;
import dev.weightcast.spi.collective.DeviceRuntime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * What is open before something happens, to be compared with what is open after it.
 *
 * <pre>{@code
 * LeakAccount account = LeakAccount.open();
 * … // make engines, transfer, fail, close
 * account.assertNothingLeft(Duration.ofSeconds(10));
 * }</pre>
 *
 * <p>By itself it counts the threads of Weightcast, the TCP sockets of this process where Linux
 * tells them, and the groups of {@code loopback} that somebody waits for or that have a fault plan.
 * Add what else shall be counted. For one thread; other tests that run meanwhile in the same JVM
 * count too.
 */
public final class LeakAccount {

  private static final String THREADS = "weightcast-";

  /** Something that is counted, and what it was at the beginning. */
  private record Watched(Supplier<? extends Collection<String>> now, List<String> before) {}

  private final Map<String, Watched> watched = new LinkedHashMap<>();

  private LeakAccount() {}

  /**
   * Begins to count.
   *
   * @return the account, with what is open now
   */
  public static LeakAccount open() {
    return new LeakAccount()
        .with("threads", LeakAccount::threads)
        .with("sockets", OpenSockets::now)
        .with("meeting points", MeetingPoints.OF_THIS_JVM::open);
  }

  /**
   * Counts something else too, from now on.
   *
   * @param what a word for it, such as {@code store keys}
   * @param now lists what there is of it now, each by a name; names may be there more than once
   * @return this account
   */
  public LeakAccount with(String what, Supplier<? extends Collection<String>> now) {
    watched.put(what, new Watched(now, List.copyOf(now.get())));
    return this;
  }

  /**
   * Counts the buffers, streams and events of an engine's device too.
   *
   * @param what a word for it, such as {@code device of rank 2}
   * @param device as {@code deviceContext()} of an engine gives it
   * @return this account
   * @throws InvalidInfoException if the device keeps no account
   */
  public LeakAccount with(String what, DeviceContext device) {
    if (!(device instanceof DeviceRuntime runtime)) {
      throw new InvalidInfoException(
          "the device " + device.device() + " keeps no account: it is a " + device.getClass());
    }
    return with(
        what, () -> runtime.account().items().stream().map(DeviceAccount.Item::toString).toList());
  }

  /**
   * What is open now and was not at the beginning.
   *
   * @param patience the real time that what is about to end gets
   * @return as in {@code threads: weightcast-loopback-ring-slot-0}; empty if nothing
   */
  public List<String> left(Duration patience) {
    Deadline deadline = Deadline.after(patience);
    List<String> left = leftNow();
    while (!left.isEmpty() && !deadline.isOver()) {
      LockSupport.parkNanos(200_000);
      left = leftNow();
    }
    return left;
  }

  private List<String> leftNow() {
    List<String> left = new ArrayList<>();
    watched.forEach(
        (what, each) -> {
          List<String> more = new ArrayList<>(each.now.get());
          each.before.forEach(more::remove);
          more.forEach(name -> left.add(what + ": " + name));
        });
    return left;
  }

  /**
   * Fails if anything is open that was not at the beginning.
   *
   * @param patience the real time that what is about to end gets
   * @throws AssertionError if so; the message names all of it
   */
  public void assertNothingLeft(Duration patience) {
    List<String> left = left(patience);
    if (!left.isEmpty()) {
      throw new AssertionError("left open after " + patience + ": " + String.join(", ", left));
    }
  }

  /** With a number each, because a new thread with an old name is a new thread. */
  private static List<String> threads() {
    ThreadGroup root = Thread.currentThread().getThreadGroup();
    for (ThreadGroup up = root; up != null; up = up.getParent()) {
      root = up;
    }
    Thread[] all = new Thread[root.activeCount() + 64];
    int count = root.enumerate(all);
    return Arrays.stream(all, 0, count)
        .filter(thread -> thread.getName().startsWith(THREADS))
        .map(thread -> thread.getName() + " (number " + thread.getId() + ")")
        .toList();
  }
}
