package dev.weightcast.house;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The command line is a program: it stands on the modules, and none of them on it. */
class ProgramTest {

  private static final String MODULE = "dev.weightcast.cli";
  private static final Pattern REQUIRES =
      Pattern.compile("^ *requires (?:static |transitive )*([\\w.]+);", Pattern.MULTILINE);

  private static final Pom POM = PublishedModule.pomIn("cli");

  @Test
  void isBuiltWithTheOthersAndNotPublished() {
    assertThat(PublishedModule.root().modules()).contains("cli");
    assertThat(PublishedModule.all()).extracting(PublishedModule::folder).doesNotContain("cli");
    assertThat(PublishedModule.pomIn("bom").managedDependencies())
        .extracting(Pom.Dependency::artifactId)
        .doesNotContain(POM.artifactId());
  }

  @Test
  void nobodyDependsOnIt() {
    for (String folder : PublishedModule.root().modules()) {
      assertThat(PublishedModule.pomIn(folder).dependencies())
          .as(folder)
          .extracting(Pom.Dependency::artifactId)
          .doesNotContain(POM.artifactId());
    }
  }

  @Test
  void importsWhatTheTableAllows() throws IOException {
    Path descriptor = POM.file().resolveSibling("src/main/java/module-info.java");
    Matcher requires = REQUIRES.matcher(Files.readString(descriptor));
    Set<String> found = new TreeSet<>();
    while (requires.find()) {
      found.add(requires.group(1));
    }
    found.remove("org.jspecify");
    assertThat(found).isEqualTo(new TreeSet<>(ImportTable.ofProgram(MODULE)));
  }

  @Test
  void findsItsBackendsByTheirNamesAtRunTime() {
    assertThat(POM.dependencies())
        .filteredOn(each -> each.artifactId().startsWith("weightcast-backend-"))
        .hasSizeGreaterThanOrEqualTo(2)
        .allMatch(each -> each.scope().equals("runtime"));
  }
}
