package dev.weightcast.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The README's Java is code of this program, so it compiles and runs. */
class ReadmeTest {

  private static final Pattern JAVA_BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

  @Test
  void everyJavaBlockOfTheReadmeStandsInThisProgram() throws IOException {
    String readme = Files.readString(Path.of("..", "README.md"));
    List<String> blocks =
        JAVA_BLOCK.matcher(readme).results().map(match -> stripped(match.group(1))).toList();
    List<String> sources = sources();

    assertThat(blocks).isNotEmpty();
    assertThat(blocks)
        .allSatisfy(
            block -> assertThat(sources).anySatisfy(source -> assertThat(source).contains(block)));
  }

  private static List<String> sources() throws IOException {
    try (Stream<Path> files = Files.walk(Path.of("src", "main", "java"))) {
      List<Path> java = files.filter(file -> file.toString().endsWith(".java")).toList();
      List<String> texts = new ArrayList<>();
      for (Path file : java) {
        texts.add(stripped(Files.readString(file)));
      }
      return texts;
    }
  }

  private static String stripped(String text) {
    return text.lines().map(String::strip).collect(Collectors.joining("\n"));
  }
}
