package dev.weightcast.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.spi.NativeHints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The page about errors has the words that a user will search it for. */
class ErrorsPageTest {

  private final BackendSetting setting = new Setup().backend("…");
  private final BackendReport report =
      Backend.of(FakeProvider.named("…"), BackendOrigin.UNKNOWN).report();
  private final BackendProblem problem = BackendProblem.of("it rains");
  private String page;

  @BeforeEach
  void readThePage() throws IOException {
    Path module = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
    page = Files.readString(module.resolveSibling("docs").resolve("errors.md"));
  }

  @Test
  void theFirstLineOfEveryMessageIsAHeading() {
    Backend one = Backend.of(FakeProvider.named("…"), Setup.origin("a.One", "/lib/one.jar"));
    Backend two = Backend.of(FakeProvider.named("…"), Setup.origin("a.Two", "/lib/two.jar"));
    List<Backend> both = List.of(one, two);
    Stream.of(
            Messages.notFound(setting, both, ""),
            Messages.refused(setting, both),
            Messages.duplicate(setting, both),
            Messages.incompatible(setting, report),
            Messages.broken(setting, report),
            Messages.unavailable(setting, report),
            Messages.noneCanRun(setting, List.of(), ""),
            Messages.engineFailed(setting, report, "worker", problem, null),
            Messages.otherInfos(setting, report, "worker", "", ""))
        .map(message -> message.lines().findFirst().orElseThrow())
        .forEach(first -> assertThat(page).contains("\n### " + first + "\n"));
  }

  @Test
  void everyHintIsInTheTable() {
    String plain = page.replace("`", "");
    Stream.of(
            "libcuda.so.1",
            "cudaErrorInsufficientDriver",
            "cudaErrorNoDevice",
            "libcudart.so.13",
            "libnccl.so.2",
            "Could not find jni",
            "IllegalCallerException: Illegal native access from unnamed module",
            "IllegalCallerException: Illegal native access from module org.bytedeco.javacpp")
        .forEach(
            text ->
                assertThat(plain)
                    .contains("| " + text + " | " + NativeHints.forText(text).orElseThrow()));
  }
}
