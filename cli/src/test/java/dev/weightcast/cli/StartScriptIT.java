package dev.weightcast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program as it is shipped, started by its script in processes of its own. */
class StartScriptIT {

  private static final Path DISTRIBUTION = Path.of(System.getProperty("weightcast.distribution"));
  private static final Path SCRIPT = DISTRIBUTION.resolve("bin/weightcast");
  private static final String JAVA_HOME = System.getProperty("java.home");
  private static final String LIST = "[[\"a\", \"float32\", [1000]]]";

  @TempDir private Path folder;

  private record Result(int code, String out, String err) {}

  @Test
  void itStartsWithoutAWordOfTheJvms() throws Exception {
    Result result = run(SCRIPT, Map.of(), "backends", "--backend", "loopback");
    assertThat(result.err()).isEmpty();
    assertThat(result.code()).isZero();
    assertThat(result.out())
        .contains("'loopback': can run", "'nccl': ", DISTRIBUTION.resolve("lib").toString());
  }

  /** Natives are tried here: nothing of that may warn either. */
  @Test
  void theNcclBackendIsAskedWithNativeAccess() throws Exception {
    Result result = run(SCRIPT, Map.of(), "backends", "--backend", "nccl", "--json");
    assertThat(result.code()).isIn(ExitCode.OK, ExitCode.UNAVAILABLE);
    assertThat(result.err()).isEmpty();
    assertThat(result.out().lines()).hasSize(1);
    assertThat(result.out())
        .contains("\"asked_for\":\"nccl\"")
        .doesNotContain("IllegalCallerException")
        .doesNotContain("Could not find jni");
  }

  @Test
  void itMeasuresAndDraws() throws Exception {
    Path list = Files.writeString(folder.resolve("list.json"), LIST);
    Path picture = folder.resolve("bench.svg");
    Result result =
        run(
            SCRIPT,
            Map.of(),
            "bench",
            "--backend",
            "loopback",
            "--list",
            list.toString(),
            "--rounds",
            "1",
            "--picture",
            picture.toString());
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out()).contains("OK: every byte was right on every worker.");
    assertThat(picture).exists();
  }

  @Test
  void itIsFoundThroughLinksAndInFoldersWithSpaces() throws Exception {
    Path home = copy(folder.resolve("a folder with spaces & $signs"));
    Path links = Files.createDirectories(folder.resolve("some links"));
    Path first = links.resolve("first");
    Files.createSymbolicLink(first, links.relativize(home.resolve("bin/weightcast")));
    Path second = links.resolve("weightcast");
    Files.createSymbolicLink(second, Path.of("first"));
    Result result = run(second, Map.of(), "backends", "--backend", "loopback");
    assertThat(result.err()).isEmpty();
    assertThat(result.code()).isZero();
    assertThat(result.out()).contains(home.toRealPath().resolve("lib").toString());
  }

  @Test
  void optionsForTheJvmAreTaken() throws Exception {
    Result result =
        run(
            SCRIPT,
            Map.of("WEIGHTCAST_OPTS", "-Dweightcast.backend=loopback -Dsome.pattern=*"),
            "backends");
    assertThat(result.code()).isZero();
    assertThat(result.out()).contains("set by the system property weightcast.backend");
  }

  @Test
  void javaIsTakenFromThePathWithoutJavaHome() throws Exception {
    Path bin = tools();
    Files.createSymbolicLink(bin.resolve("java"), Path.of(JAVA_HOME, "bin/java"));
    Result result = run(SCRIPT, Map.of("JAVA_HOME", "", "PATH", bin.toString()), "--version");
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out()).contains("Java " + System.getProperty("java.version"));
  }

  @Test
  void noJavaIsSaid() throws Exception {
    Result result = run(SCRIPT, Map.of("JAVA_HOME", "", "PATH", tools().toString()), "--version");
    assertThat(result.code()).isEqualTo(ExitCode.UNAVAILABLE);
    assertThat(result.err())
        .isEqualTo(
            "weightcast: found no java: JAVA_HOME is not set and the PATH has none; install Java 17"
                + " or newer\n");
  }

  @Test
  void aJavaHomeWithoutJavaIsSaid() throws Exception {
    Result result = run(SCRIPT, Map.of("JAVA_HOME", folder.toString()), "--version");
    assertThat(result.code()).isEqualTo(ExitCode.UNAVAILABLE);
    assertThat(result.err())
        .isEqualTo(
            "weightcast: JAVA_HOME is '"
                + folder
                + "', and there is no bin/java in it; correct it, or unset it to take the java of"
                + " the PATH\n");
  }

  @Test
  void aJavaThatIsTooOldIsSaidWithItsVersion() throws Exception {
    Path old = Files.createDirectories(folder.resolve("jdk8/bin"));
    Path java = old.resolve("java");
    Files.writeString(java, "#!/bin/sh\necho 'openjdk version \"1.8.0_392\"' >&2\n");
    assertThat(java.toFile().setExecutable(true)).isTrue();
    Result result = run(SCRIPT, Map.of("JAVA_HOME", old.getParent().toString()), "--version");
    assertThat(result.code()).isEqualTo(ExitCode.UNAVAILABLE);
    assertThat(result.err()).contains("Java 1.8.0_392 is too old, from JAVA_HOME");

    Files.writeString(old.resolveSibling("release"), "JAVA_VERSION=\"11.0.2\"\n");
    result = run(SCRIPT, Map.of("JAVA_HOME", old.getParent().toString()), "--version");
    assertThat(result.err())
        .contains("Java 11.0.2 is too old")
        .contains("install Java 17 or newer");
  }

  @Test
  void aSignalEndsAStoreWithAWordAndTheRightCode() throws Exception {
    Process store = start(SCRIPT, Map.of(), "store", "--master", "127.0.0.1:0");
    try (var lines = store.errorReader()) {
      assertThat(lines.readLine()).contains("serving a store at 127.0.0.1:");
      int expected = signal(store);
      assertThat(store.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(store.exitValue()).isEqualTo(expected);
      assertThat(new String(store.getInputStream().readAllBytes())).contains("0 joined");
    } finally {
      store.destroyForcibly();
    }
  }

  @Test
  void aSignalEndsAMeasurementAndSaysHowFarItCame() throws Exception {
    Path list = Files.writeString(folder.resolve("list.json"), LIST);
    Process bench =
        start(
            SCRIPT,
            Map.of(),
            "bench",
            "--backend",
            "loopback",
            "--list",
            list.toString(),
            "--rounds",
            "100000000");
    try (var lines = bench.errorReader()) {
      String line = lines.readLine();
      while (line != null && !line.contains("measuring")) {
        line = lines.readLine();
      }
      int expected = signal(bench);
      assertThat(bench.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(bench.exitValue()).isEqualTo(expected);
      assertThat(lines.lines()).anyMatch(each -> each.contains("bench: interrupted: measuring"));
    } finally {
      bench.destroyForcibly();
    }
  }

  @Test
  void theCompletionSourcesInBash() throws Exception {
    Path bash = Path.of("/bin/bash");
    org.junit.jupiter.api.Assumptions.assumeTrue(Files.exists(bash));
    String script =
        "set -e; source <(\"$0\" completion); complete -p weightcast;"
            + " COMP_WORDS=(weightcast re); COMP_CWORD=1; _complete_weightcast; echo \"${COMPREPLY[@]}\"";
    Process process =
        new ProcessBuilder(bash.toString(), "-c", script, SCRIPT.toString())
            .redirectErrorStream(true)
            .start();
    String out = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor()).as(out).isZero();
    assertThat(out).contains("complete -o default -F _complete_weightcast weightcast", "receive");
  }

  /** Ctrl-C's signal; or another, where whoever started the build lets that one be ignored. */
  private static int signal(Process process) throws Exception {
    long ignored =
        Files.readAllLines(Path.of("/proc/" + process.pid() + "/status")).stream()
            .filter(line -> line.startsWith("SigIgn:"))
            .mapToLong(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
            .findFirst()
            .orElse(0);
    boolean canInterrupt = (ignored & 2) == 0;
    Process kill =
        new ProcessBuilder("kill", canInterrupt ? "-INT" : "-TERM", String.valueOf(process.pid()))
            .start();
    assertThat(kill.waitFor()).isZero();
    return canInterrupt ? 130 : 143;
  }

  /** What the script needs of a system, and no Java. */
  private Path tools() throws IOException {
    Path bin = Files.createDirectories(folder.resolve("tools"));
    for (String tool : List.of("dirname", "readlink", "sed", "sh")) {
      for (String place : List.of("/bin/", "/usr/bin/")) {
        if (Files.exists(Path.of(place, tool)) && !Files.exists(bin.resolve(tool))) {
          Files.createSymbolicLink(bin.resolve(tool), Path.of(place, tool));
        }
      }
    }
    return bin;
  }

  private static Path copy(Path target) throws IOException {
    try (Stream<Path> files = Files.walk(DISTRIBUTION)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Path at = target.resolve(DISTRIBUTION.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(at);
        } else {
          Files.copy(file, at, java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
        }
      }
    }
    return target;
  }

  private static Process start(Path script, Map<String, String> environment, String... words)
      throws IOException {
    List<String> command = new ArrayList<>(List.of(script.toString()));
    command.addAll(List.of(words));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("JAVA_HOME", JAVA_HOME);
    builder.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"));
    builder.environment().putAll(environment);
    builder.environment().values().removeIf(String::isEmpty);
    return builder.start();
  }

  private static Result run(Path script, Map<String, String> environment, String... words)
      throws Exception {
    Process process = start(script, environment, words);
    process.getOutputStream().close();
    String out = new String(process.getInputStream().readAllBytes());
    String err = new String(process.getErrorStream().readAllBytes());
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return new Result(process.exitValue(), out, err);
  }
}
