package dev.weightcast.house;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every published jar says about itself is what was decided. */
class JarTest {

  private static final Path GOLDEN = Path.of("src/test/resources/golden");

  static List<PublishedModule> published() {
    return PublishedModule.all();
  }

  /** When a change is meant, the file to put in place is the one that the message names. */
  @ParameterizedTest
  @MethodSource("published")
  void describesItselfAsInItsGoldenFile(PublishedModule module) throws IOException {
    String found = JarFacts.describe(module.descriptor());
    Path written = Path.of("target/golden", module.artifactId() + ".txt");
    Files.createDirectories(written.getParent());
    Files.writeString(written, found);
    Path golden = GOLDEN.resolve(module.artifactId() + ".txt");
    assertThat(golden).as("for a new module, put %s there", written).exists();
    assertThat(found)
        .as("%s; if it is meant, put %s in place of %s", module, written, golden)
        .isEqualTo(Files.readString(golden));
  }

  @Test
  void thereIsAGoldenFileForNothingElse() throws IOException {
    try (Stream<Path> files = Files.list(GOLDEN)) {
      assertThat(files.map(each -> each.getFileName().toString()))
          .containsExactlyInAnyOrderElementsOf(
              published().stream().map(each -> each.artifactId() + ".txt").toList());
    }
  }

  @ParameterizedTest
  @MethodSource("published")
  void isAModuleNamedLikeItsFolder(PublishedModule module) {
    assertThat(module.artifactId()).isEqualTo("weightcast-" + module.folder());
    JarChecks.isAModuleOfItsOwn(module.descriptor(), module.expectedName());
  }

  @ParameterizedTest
  @MethodSource("published")
  void requiresWhatTheTableAllows(PublishedModule module) {
    JarChecks.requiresOnly(module.descriptor(), ImportTable.of(module.expectedName()));
  }

  @ParameterizedTest
  @MethodSource("published")
  void providesWhatIsInMetaInfServices(PublishedModule module) {
    JarChecks.registersWhatItProvides(module.descriptor(), JarFacts.registered(module.jar()));
  }

  @ParameterizedTest
  @MethodSource("published")
  void hasAManifestThatSaysWhatItIs(PublishedModule module) {
    JarChecks.manifestSaysWhatItIs(
        JarFacts.manifest(module.jar()),
        module.pom().text("name").orElseThrow(),
        PublishedModule.version());
  }

  @ParameterizedTest
  @MethodSource("published")
  void isBuiltTheSameWhenever(PublishedModule module) {
    String stamp =
        PublishedModule.root().text("properties", "project.build.outputTimestamp").orElseThrow();
    LocalDateTime expected =
        ZonedDateTime.parse(stamp).withZoneSameInstant(ZoneOffset.UTC).toLocalDateTime();
    JarChecks.isReproducible(JarFacts.entries(module.jar()), expected);
    JarChecks.isReproducible(JarFacts.entries(module.sourcesJar()), expected);
  }

  @ParameterizedTest
  @MethodSource("published")
  void holdsClassesOfJava17AndNothingOfTheTests(PublishedModule module) {
    JarChecks.holdsOnlyWhatIsPublished(JarFacts.entries(module.jar()));
    JarChecks.runsOnJava17(module.jar());
  }

  @ParameterizedTest
  @MethodSource("published")
  void carriesTheLicenseOfTheProject(PublishedModule module) throws IOException {
    String license = Files.readString(Path.of("../LICENSE"));
    JarChecks.carriesTheLicense(module.jar(), license);
    JarChecks.carriesTheLicense(module.sourcesJar(), license);
  }

  @Test
  void noPackageIsInTwoJars() {
    Map<String, PublishedModule> owners = new HashMap<>();
    for (PublishedModule module : published()) {
      for (String name : module.descriptor().packages()) {
        assertThat(owners.put(name, module)).as("package %s, also in %s", name, module).isNull();
      }
    }
  }
}
