package dev.weightcast.backend.loopback;

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

  @Test
  @Timeout(
      value = 6,
      unit = TimeUnit.HOURS) // as many rounds as are asked for; each has its own bound
  void whateverGoesWrongIsToldAndEverythingWorksAgain() {
    Long one = Long.getLong("weightcast.seed");
    long from = one == null ? Long.getLong("weightcast.explorer.from", 0) : one;
    long rounds = one == null ? Integer.getInteger("weightcast.explorer.rounds", ROUNDS) : 1;
    for (long seed = from; seed < from + rounds; seed++) {
      Schedule schedule = new Schedule(seed);
      try {
        new ExplorerRound(schedule).run();
      } catch (Exception | AssertionError e) {
        throw new AssertionError(
            "-Dweightcast.seed=" + seed + ": " + schedule + ": " + e.getMessage(), e);
      }
    }
  }
}
