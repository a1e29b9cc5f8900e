package dev.weightcast.backend.loopback;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Many rounds of random faults over a trainer and one to four workers: nobody hangs, whoever is
 * concerned is told, nothing is left behind, no wrong byte is called right, and after joining again
 * a whole transfer succeeds.
 *
 * <p>To run one round again: {@code -Dweightcast.seed=…} with the seed that a failure prints. To
 * run more, from another seed on: {@code -Dweightcast.explorer.rounds=20000
 * -Dweightcast.explorer.from=1000}.
 */
class ExplorerTest {

  private static final int ROUNDS = 1000;

  /** Rounds wait more than they work. */
  private static final int AT_ONCE = 4;

  /** The account is of the whole JVM, and so of the rounds between two looks at it. */
  private static final int BETWEEN_ACCOUNTS = 100;

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @Test
  @Timeout(value = 6, unit = TimeUnit.HOURS) // as many as are asked for; each has its own bound
  void whateverGoesWrongIsToldAndEverythingWorksAgain() throws Exception {
    Long one = Long.getLong("weightcast.seed");
    if (one != null) {
      runAlone(one);
      return;
    }
    long from = Long.getLong("weightcast.explorer.from", 0);
    long end = from + Integer.getInteger("weightcast.explorer.rounds", ROUNDS);
    for (long first = from; first < end; first += BETWEEN_ACCOUNTS) {
      runTogether(first, Math.min(end, first + BETWEEN_ACCOUNTS));
    }
  }

  private static void runTogether(long first, long end) throws Exception {
    LeakAccount account = LeakAccount.open();
    ExecutorService lanes = Executors.newFixedThreadPool(AT_ONCE);
    try {
      List<Future<?>> rounds = new ArrayList<>();
      for (long seed = first; seed < end; seed++) {
        long each = seed;
        rounds.add(lanes.submit(() -> run(each)));
      }
      for (Future<?> round : rounds) {
        await(round);
      }
    } finally {
      lanes.shutdownNow();
    }
    if (!account.left(PATIENCE).isEmpty()) {
      for (long seed = first; seed < end; seed++) {
        runAlone(seed); // to find out which
      }
      account.assertNothingLeft(PATIENCE);
    }
  }

  private static void await(Future<?> round) throws Exception {
    try {
      round.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof AssertionError failure) {
        throw failure;
      }
      throw e;
    }
  }

  private static void runAlone(long seed) {
    LeakAccount account = LeakAccount.open();
    run(seed);
    List<String> left = account.left(PATIENCE);
    if (!left.isEmpty()) {
      throw new AssertionError("-Dweightcast.seed=" + seed + ": left open: " + left);
    }
  }

  private static void run(long seed) {
    Schedule schedule = new Schedule(seed);
    try {
      new ExplorerRound(schedule).run();
    } catch (Exception | AssertionError e) {
      throw new AssertionError(
          "-Dweightcast.seed=" + seed + ": " + schedule + ": " + e.getMessage(), e);
    }
  }
}
