package dev.weightcast.backend.nccl;

import dev.weightcast.api.Packing;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * The process that is killed or stopped, or that was told something else: takes orders from
 * standard input and says on standard output how far it is.
 */
final class LivePeer {

  private LivePeer() {}

  /** Makes the side that a process plays. */
  static LiveSide side(
      LiveArguments arguments, Duration timeout, java.util.function.Consumer<String> marks) {
    return arguments.text("on", "gpu").equals("fakes")
        ? new FaultSide(arguments.isTrainer(), timeout, marks)
        : new LiveGpuSide(arguments.isTrainer(), timeout, marks);
  }

  /** As in {@code packed:67108864:2}. */
  static Packing packing(String word) {
    String[] parts = word.split(":");
    return parts[0].equals("packed")
        ? Packing.packed(Long.parseLong(parts[1]), Integer.parseInt(parts[2]))
        : new Packing(false, Packing.DEFAULT_BUFFER_SIZE_BYTES, Integer.parseInt(parts[1]));
  }

  static void run(LiveArguments arguments) throws IOException {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    try (LiveSide side =
        side(arguments, Duration.ofSeconds(arguments.number("timeout", 30)), System.out::println)) {
      System.out.println("READY");
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        String[] order = line.split(" ");
        obey(side, order);
      }
    }
  }

  /** {@code PLACE WORLD TRANSFERS PACKING VARIANT}. */
  private static void obey(LiveSide side, String[] order) {
    long start = System.nanoTime();
    try {
      System.out.println("INIT");
      side.init(order[0], Integer.parseInt(order[1]));
      System.out.println("JOINED");
      for (int i = 0; i < Integer.parseInt(order[2]); i++) {
        side.transfer(packing(order[3]), order[4]);
        System.out.println("DONE");
      }
    } catch (RuntimeException e) {
      System.out.printf(
          "FAILED after %.2f s: %s: %s%n",
          (System.nanoTime() - start) / 1e9, e.getClass().getSimpleName(), e.getMessage());
    }
  }
}
