package dev.weightcast.backend.nccl;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** A process with a {@link LivePeer} in it. */
final class LiveChild implements AutoCloseable {

  private static final int PATIENCE_SECONDS = 60;

  private final Process process;
  private final PrintStream orders;
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

  LiveChild(String role, String on, int timeoutSeconds) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx1g", "-XX:+UseSerialGC", "-XX:MaxDirectMemorySize=2g"));
    for (String key :
        List.of(
            "nccl.library", "org.bytedeco.javacpp.cachedir", "org.bytedeco.javacpp.nopointergc")) {
      if (System.getProperty(key) != null) {
        command.add("-D" + key + "=" + System.getProperty(key));
      }
    }
    command.addAll(
        List.of(
            "-cp",
            System.getProperty("java.class.path"),
            LiveMain.class.getName(),
            "do=peer",
            "role=" + role,
            "on=" + on,
            "timeout=" + timeoutSeconds));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("NCCL_HOSTID", "peer"); // two ranks on one GPU
    process = builder.start();
    orders = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
    Thread reader = new Thread(this::read, "child-" + process.pid());
    reader.setDaemon(true);
    reader.start();
  }

  private void read() {
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      reader.lines().forEach(lines::add);
    } catch (IOException | UncheckedIOException e) {
      lines.add("its output ended: " + e);
    }
  }

  void order(String place, int worldSize, int transfers, String packing, String variant) {
    lines.clear();
    orders.println(place + " " + worldSize + " " + transfers + " " + packing + " " + variant);
  }

  /** Waits for such a line, and gives it. */
  String await(String what, Predicate<String> wanted) throws InterruptedException {
    StringBuilder seen = new StringBuilder();
    while (true) {
      String line = lines.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
      if (line == null) {
        throw new IllegalStateException("the peer did not come to " + what + ":" + seen);
      }
      if (wanted.test(line)) {
        return line;
      }
      seen.append(" / ").append(line);
      if (line.startsWith("FAILED")) {
        throw new IllegalStateException("the peer did not come to " + what + ":" + seen);
      }
    }
  }

  void kill() throws InterruptedException {
    process.destroyForcibly();
    boolean dead = process.waitFor(20, TimeUnit.SECONDS);
    assert dead;
  }

  void stop() throws IOException, InterruptedException {
    String pid = Long.toString(process.pid());
    int status = new ProcessBuilder("kill", "-STOP", pid).start().waitFor();
    assert status == 0;
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
