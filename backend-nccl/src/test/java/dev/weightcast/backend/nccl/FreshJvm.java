package dev.weightcast.backend.nccl;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Runs a main class of the tests in a JVM of its own, and gives what it printed. */
final class FreshJvm {

  private FreshJvm() {}

  static String onClassPath(String main, String... flags) throws IOException, InterruptedException {
    List<String> words = new ArrayList<>(List.of(flags));
    words.addAll(List.of("-cp", join(path().toList()) + File.pathSeparator + testClasses(), main));
    return run(words);
  }

  static String run(List<String> words) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(words);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

  /** What is on either path here and can be a module there. */
  static String modulePath() {
    return join(
        path()
            .filter(
                entry ->
                    entry.contains("bytedeco")
                        || entry.endsWith("classes")
                        || Path.of(entry).getFileName().toString().startsWith("weightcast-"))
            .filter(entry -> !entry.endsWith("test-classes"))
            .toList());
  }

  /** Where this JVM found its classes, on either path. */
  private static Stream<String> path() {
    return Stream.of("jdk.module.path", "java.class.path")
        .map(name -> System.getProperty(name, ""))
        .flatMap(value -> Arrays.stream(value.split(File.pathSeparator)))
        .filter(entry -> !entry.isBlank())
        .distinct();
  }

  static String testClasses() {
    return Path.of("target", "test-classes").toAbsolutePath().toString();
  }

  private static String join(List<String> entries) {
    return entries.stream().collect(Collectors.joining(File.pathSeparator));
  }
}
