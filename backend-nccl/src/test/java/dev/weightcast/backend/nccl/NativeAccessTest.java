package dev.weightcast.backend.nccl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a JVM that refuses native access says, and that the flag it is told is the right one. */
class NativeAccessTest {

  private static final String MAIN = NativeAccessMain.class.getName();
  private static final String MODULE = "dev.weightcast.backend.nccl";

  @BeforeEach
  void onlyWhereTheJvmCanRefuse() {
    assumeThat(Runtime.version().feature()).isGreaterThanOrEqualTo(24);
  }

  @Test
  void onTheClassPathTheFlagIsNamedWhenItIsMissing() throws Exception {
    assertThat(onClassPath("--illegal-native-access=deny"))
        .contains("IllegalCallerException", "--enable-native-access=ALL-UNNAMED")
        .contains("unnamed module");
  }

  @Test
  void onTheClassPathTheFlagIsEnough() throws Exception {
    assertThat(onClassPath("--illegal-native-access=deny", "--enable-native-access=ALL-UNNAMED"))
        .doesNotContain("IllegalCallerException", "WARNING")
        .contains("asked in unnamed module");
  }

  @Test
  void onTheModulePathTheFlagIsNamedWhenItIsMissing() throws Exception {
    assertThat(onModulePath("--illegal-native-access=deny"))
        .contains(
            "IllegalCallerException",
            "--enable-native-access=org.bytedeco.javacpp,org.bytedeco.cuda")
        .contains("asked in module " + MODULE);
  }

  @Test
  void onTheModulePathTheFlagIsEnough() throws Exception {
    assertThat(
            onModulePath(
                "--illegal-native-access=deny",
                "--enable-native-access=org.bytedeco.javacpp,org.bytedeco.cuda"))
        .doesNotContain("IllegalCallerException", "WARNING")
        .contains("asked in module " + MODULE);
  }

  private static String onClassPath(String... flags) throws Exception {
    List<String> words = new ArrayList<>(List.of(flags));
    words.addAll(List.of("-cp", join(path().toList()) + File.pathSeparator + testClasses(), MAIN));
    return run(words);
  }

  private static String onModulePath(String... flags) throws Exception {
    List<String> modules =
        path()
            .filter(
                entry ->
                    entry.contains("bytedeco")
                        || entry.endsWith("classes")
                        || Path.of(entry).getFileName().toString().startsWith("weightcast-"))
            .filter(entry -> !entry.endsWith("test-classes"))
            .toList();
    List<String> words = new ArrayList<>(List.of(flags));
    words.addAll(
        List.of(
            "--module-path",
            join(modules),
            "--add-modules",
            "org.bytedeco.javacpp.linux.x86_64,org.bytedeco.cuda.linux.x86_64",
            "--patch-module",
            MODULE + "=" + testClasses(),
            "-m",
            MODULE + "/" + MAIN));
    return run(words);
  }

  private static String run(List<String> words) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(words);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

  /** Where this JVM found its classes, on either path. */
  private static Stream<String> path() {
    return Stream.of("jdk.module.path", "java.class.path")
        .map(name -> System.getProperty(name, ""))
        .flatMap(value -> Arrays.stream(value.split(File.pathSeparator)))
        .filter(entry -> !entry.isBlank())
        .distinct();
  }

  private static String testClasses() {
    return Path.of("target", "test-classes").toAbsolutePath().toString();
  }

  private static String join(List<String> entries) {
    return entries.stream().collect(Collectors.joining(File.pathSeparator));
  }
}
