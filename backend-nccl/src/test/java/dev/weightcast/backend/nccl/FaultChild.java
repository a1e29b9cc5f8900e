package dev.weightcast.backend.nccl;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A process with a {@link FaultPeer} in it. */
final class FaultChild implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Process process;
  private final PrintStream orders;
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

  FaultChild(boolean isTrainer, Duration timeout) throws IOException {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx96m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            classPath(),
            FaultPeer.class.getName(),
            isTrainer ? "trainer" : "worker",
            Long.toString(timeout.toMillis()));
    process = new ProcessBuilder(command).redirectErrorStream(true).start();
    orders = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
    Thread reader = new Thread(this::read, "child-" + process.pid());
    reader.setDaemon(true);
    reader.start();
  }

  private static String classPath() {
    return Stream.concat(
            Stream.of("jdk.module.path", "java.class.path")
                .map(name -> System.getProperty(name, ""))
                .flatMap(value -> Arrays.stream(value.split(File.pathSeparator)))
                .filter(entry -> !entry.isBlank()),
            Stream.of(Path.of("target", "test-classes").toAbsolutePath().toString()))
        .distinct()
        .collect(Collectors.joining(File.pathSeparator));
  }

  private void read() {
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      reader.lines().forEach(lines::add);
    } catch (IOException | java.io.UncheckedIOException e) {
      lines.add("its output ended: " + e);
    }
  }

  void order(int port, int worldSize, String phase) {
    orders.println(port + "|" + worldSize + "|" + phase);
  }

  /** Waits for a line that begins so. */
  void await(String beginning) throws InterruptedException {
    StringBuilder seen = new StringBuilder();
    while (true) {
      String line = lines.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      if (line == null) {
        throw new AssertionError("no line '" + beginning + "' came, but:" + seen);
      }
      if (line.startsWith(beginning)) {
        return;
      }
      seen.append('\n').append(line);
    }
  }

  /** SIGKILL. */
  void kill() throws InterruptedException {
    process.destroyForcibly();
    if (!process.waitFor(10, TimeUnit.SECONDS)) {
      throw new AssertionError("the child cannot be killed");
    }
  }

  /** SIGSTOP: its sockets stay open, and nobody answers. */
  void stop() throws IOException, InterruptedException {
    Process kill = new ProcessBuilder("kill", "-STOP", Long.toString(process.pid())).start();
    if (kill.waitFor() != 0) {
      throw new AssertionError("the child cannot be stopped");
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
