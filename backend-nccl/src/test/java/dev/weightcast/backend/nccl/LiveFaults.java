package dev.weightcast.backend.nccl;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.TransferTimeoutException;
import dev.weightcast.api.WeightTransferException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The side that lives on while the other's process is killed or stopped at random moments: {@code
 * role} is its own role, {@code seed}, {@code rounds}, {@code timeout} and {@code limit} (both in
 * seconds) say the rest.
 */
final class LiveFaults implements AutoCloseable {

  private static final List<String> MOMENTS =
      List.of("init", "first bucket", "middle", "last bucket");
  private static final String[] PACKINGS = {"packed:67108864:2", "packed:67108864:3", "unpacked:2"};
  private static final int MANY = 1000;

  private final LiveArguments arguments;
  private final Duration timeout;
  private final Random random;
  private final LiveSide side;
  private final Deque<LiveChild> children = new ArrayDeque<>();
  private final List<LiveChild> all = new ArrayList<>();
  private final List<Double> kills = new ArrayList<>();
  private final List<Double> stops = new ArrayList<>();
  private final List<Double> strangers = new ArrayList<>();
  private int bad;

  LiveFaults(LiveArguments arguments) {
    this.arguments = arguments;
    this.timeout = Duration.ofSeconds(arguments.number("timeout", 3));
    long seed = Long.parseLong(arguments.text("seed", "1"));
    System.out.println("seed " + seed);
    this.random = new Random(seed);
    this.side = LivePeer.side(arguments, timeout, mark -> {});
  }

  private String place() {
    return arguments.text("port", "29800");
  }

  private LiveChild nextChild() throws Exception {
    while (children.size() < 3) {
      children.add(start());
    }
    LiveChild child = children.remove();
    child.await("its start", line -> line.equals("READY"));
    return child;
  }

  private LiveChild start() throws IOException {
    LiveChild child =
        new LiveChild(
            arguments.isTrainer() ? "worker" : "trainer", arguments.text("on", "gpu"), 30);
    all.add(child);
    return child;
  }

  /** Gives how many rounds went wrong. */
  int run() throws Exception {
    Deadline limit = Deadline.after(Duration.ofSeconds(arguments.number("limit", 200)));
    LiveChild child = nextChild();
    for (String packing : PACKINGS) { // the ring keeps what the largest of them needs
      recover(child, packing);
    }
    child.close();
    long before = alone();
    child = nextChild();
    int rounds = 0;
    while (rounds < arguments.number("rounds", 24) && !limit.isOver()) {
      child = round(rounds++, child);
    }
    child.close();
    long after = alone();
    System.out.printf(
        Locale.ROOT,
        "FAULTS|summary|survivor %s|%d rounds, %d bad|device used before %d MiB, after %d MiB|%s%n",
        arguments.text("role", ""),
        rounds,
        bad,
        before >> 20,
        after >> 20,
        LiveMain.residentSize());
    tell("SIGKILL: seconds until the survivor said so", kills);
    tell("SIGKILL before it joined: seconds past the survivor's deadline", strangers);
    tell("SIGSTOP: seconds past the survivor's deadline", stops);
    System.out.println("FAULTS|threads|" + ThreadNames.now());
    return bad;
  }

  /** What is used on the device when no child is there. */
  private long alone() throws Exception {
    for (LiveChild child : all) {
      child.kill();
    }
    all.clear();
    children.clear();
    Thread.sleep(1000); // the driver takes a moment to give a dead process's memory back
    return side.usedBytes();
  }

  private LiveChild round(int number, LiveChild child) throws Exception {
    boolean kill = random.nextBoolean();
    String moment = MOMENTS.get(number % MOMENTS.size());
    String packing = PACKINGS[random.nextInt(PACKINGS.length)];
    int delay = moment.equals("init") ? random.nextInt(700) : random.nextInt(12);
    String outcome = fault(child, kill, moment, packing, delay);
    child.kill();
    LiveChild replacement = nextChild();
    String recovery = recovered(replacement, packing);
    if (!recovery.startsWith("recovered")) {
      bad++;
      replacement.kill();
      replacement = nextChild();
    }
    System.out.printf(
        Locale.ROOT,
        "FAULTS|%d|%s of the %s|%s + %d ms, %s|%s|%s%n",
        number,
        kill ? "SIGKILL" : "SIGSTOP",
        arguments.isTrainer() ? "worker" : "trainer",
        moment,
        delay,
        packing,
        outcome,
        recovery);
    return replacement;
  }

  private record Failure(long startNanos, long endNanos, WeightTransferException exception) {}

  private String fault(LiveChild child, boolean kill, String moment, String packing, int delay)
      throws Exception {
    child.order(place(), 2, MANY, packing, "-");
    CompletableFuture<Failure> failing =
        CompletableFuture.supplyAsync(
            () -> untilItFails(packing), task -> new Thread(task, "survivor").start());
    try {
      child.await(moment, line -> isAt(line, moment));
      Thread.sleep(delay);
    } catch (IllegalStateException e) {
      bad++;
      return "BAD " + e.getMessage();
    }
    long signalled = System.nanoTime(); // killing waits until the process is gone
    if (kill) {
      child.kill();
    } else {
      child.stop();
    }
    try {
      Failure failure = failing.get(timeout.toSeconds() + 30, TimeUnit.SECONDS);
      // Whoever is killed before it has joined cannot be missed before the deadline.
      boolean late = !kill || failure.exception() instanceof TransferTimeoutException;
      long from =
          late
              ? failure.startNanos() + timeout.toNanos()
              : Math.max(signalled, failure.startNanos());
      double seconds = (failure.endNanos() - from) / 1e9;
      (!late ? kills : kill ? strangers : stops).add(seconds);
      return String.format(
          Locale.ROOT,
          "%.3f s %s: %s: %s",
          seconds,
          late ? "past its deadline" : "after the signal",
          failure.exception().getClass().getSimpleName(),
          failure.exception().getMessage());
    } catch (TimeoutException e) {
      bad++;
      return "BAD: HANGS 30 s past its deadline";
    } catch (ExecutionException e) {
      bad++;
      return "BAD: " + e.getCause();
    }
  }

  private static boolean isAt(String line, String moment) {
    if (!line.startsWith("B ")) {
      return moment.equals("init") && line.equals("INIT");
    }
    String[] words = line.split(" ");
    int done = Integer.parseInt(words[1]);
    int buckets = Integer.parseInt(words[2]);
    return switch (moment) {
      case "first bucket" -> done == 1;
      case "middle" -> done == buckets / 2;
      case "last bucket" -> done == buckets - 1;
      default -> false;
    };
  }

  private Failure untilItFails(String packing) {
    long start = System.nanoTime();
    try {
      side.init(place(), 2);
      for (int i = 0; i < MANY; i++) {
        start = System.nanoTime();
        side.transfer(LivePeer.packing(packing), "-");
      }
      throw new IllegalStateException("nothing failed in " + MANY + " transfers");
    } catch (WeightTransferException e) {
      return new Failure(start, System.nanoTime(), e);
    }
  }

  private String recovered(LiveChild child, String packing) {
    long start = System.nanoTime();
    try {
      recover(child, packing);
      return String.format(
          Locale.ROOT, "recovered in %.2f s, bytes equal", (System.nanoTime() - start) / 1e9);
    } catch (Exception e) {
      return "BAD: NOT RECOVERED: " + e;
    }
  }

  private void recover(LiveChild child, String packing) throws Exception {
    child.order(place(), 2, 1, packing, "-");
    side.init(place(), 2);
    side.transfer(LivePeer.packing(packing), "-");
    child.await("the end of a transfer", line -> line.equals("DONE"));
  }

  /** The other side was told something else: what both say. */
  void mismatches() throws Exception {
    LiveChild child = nextChild();
    for (String variant :
        List.of("dtype", "missing", "another buffer size", "world size off by one", "nothing")) {
      mismatch(child, place(), variant);
    }
    if (arguments.isTrainer()) {
      for (String variant : List.of("dtype", "missing", "another buffer size", "nothing")) {
        mismatch(child, side.newId(), variant);
      }
    }
  }

  private void mismatch(LiveChild child, String place, String variant) throws Exception {
    String same = PACKINGS[0];
    boolean world = variant.startsWith("world");
    String theirs = variant.startsWith("another") ? "packed:33554432:2" : same;
    child.order(place, world ? 3 : 2, 1, theirs, variant.split(" ")[0]);
    long start = System.nanoTime();
    String mine;
    try {
      side.init(place, 2);
      side.transfer(LivePeer.packing(same), "-");
      mine = "done, acknowledged by " + side.acknowledged();
    } catch (RuntimeException e) {
      mine = e.getClass().getSimpleName() + ": " + e.getMessage();
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    String other = child.await(variant, line -> line.startsWith("FAILED") || line.equals("DONE"));
    System.out.printf(
        Locale.ROOT,
        "FAULTS|%s, %s|this side (%s) after %.2f s: %s|the other: %s%n",
        variant,
        place.length() < 6 ? "store" : "unique id",
        arguments.text("role", ""),
        seconds,
        mine,
        other);
  }

  private static void tell(String what, List<Double> seconds) {
    List<Double> sorted = seconds.stream().sorted().toList();
    if (!sorted.isEmpty()) {
      System.out.printf(
          Locale.ROOT,
          "FAULTS|%s|%d rounds|p50 %.3f|p99 %.3f|max %.3f%n",
          what,
          sorted.size(),
          sorted.get(sorted.size() / 2),
          sorted.get((int) Math.ceil(0.99 * sorted.size()) - 1),
          sorted.get(sorted.size() - 1));
    }
  }

  @Override
  public void close() {
    all.forEach(LiveChild::close);
    side.close();
    System.out.println("FAULTS|threads after close|" + ThreadNames.now());
  }

  /** Our threads that are there. */
  private static final class ThreadNames {
    static String now() {
      return Thread.getAllStackTraces().keySet().stream()
          .map(Thread::getName)
          .filter(name -> name.startsWith("weightcast-"))
          .sorted()
          .toList()
          .toString();
    }
  }
}
