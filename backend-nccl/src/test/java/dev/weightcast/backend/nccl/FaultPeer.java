package dev.weightcast.backend.nccl;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * The process that something happens to: it does what it is told on standard input, and in the
 * phase that it is told to it says so and stays there.
 */
final class FaultPeer implements Gate {

  private volatile String stop = "";

  private FaultPeer() {}

  public static void main(String[] words) throws IOException {
    FaultPeer peer = new FaultPeer();
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    try (FaultRank rank =
        new FaultRank(
            words[0].equals("trainer"), Duration.ofMillis(Long.parseLong(words[1])), peer)) {
      System.out.println("READY");
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        String[] order = line.split("\\|");
        peer.stop = order[2];
        run(rank, Integer.parseInt(order[0]), Integer.parseInt(order[1]));
      }
    }
  }

  private static void run(FaultRank rank, int port, int worldSize) {
    try {
      rank.init(port, worldSize);
      rank.transfer();
      System.out.println("DONE");
    } catch (RuntimeException e) {
      System.out.println("FAILED " + e);
    }
  }

  @Override
  public void at(String phase) {
    if (phase.equals(stop)) {
      System.out.println("AT " + phase);
      while (true) {
        LockSupport.park();
      }
    }
  }
}
