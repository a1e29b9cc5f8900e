package dev.weightcast.house;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The BOM and the poms promise what is published, and nothing more comes along. */
class PomTest {

  private static final Pom BOM = PublishedModule.pomIn("bom");

  static List<PublishedModule> published() {
    return PublishedModule.all();
  }

  @Test
  void theBomListsExactlyWhatIsPublished() {
    PomChecks.listsExactly(BOM.managedDependencies(), artifacts());
  }

  /** What an import brings is what stands in the BOM and in its parents; they have nothing. */
  @Test
  void importingTheBomBringsNothingElse() {
    assertThat(BOM.text("packaging")).contains("pom");
    assertThat(BOM.dependencies()).isEmpty();
    assertThat(BOM.text("parent", "artifactId")).contains(PublishedModule.root().artifactId());
    PomChecks.bringsNothing(PublishedModule.root());
  }

  /** One list of our artifacts, in the BOM; the BOM itself stands under the root and not here. */
  @Test
  void theParentKnowsOurArtifactsFromTheBomAlone() {
    assertThat(PublishedModule.pomIn("parent").managedDependencies())
        .filteredOn(Pom.Dependency::isOurs)
        .singleElement()
        .isEqualTo(
            new Pom.Dependency(
                "dev.weightcast", "weightcast-bom", "${project.version}", "pom", "import"));
  }

  @Test
  void theseTestsDependOnAllThatTheyCheck() {
    assertThat(PublishedModule.pomIn("house-tests").dependencies())
        .filteredOn(Pom.Dependency::isOurs)
        .map(Pom.Dependency::artifactId)
        .containsExactlyInAnyOrderElementsOf(artifacts());
  }

  @ParameterizedTest
  @MethodSource("published")
  void aModulePassesOnWhatItsDescriptorRequires(PublishedModule module) {
    Set<String> allowed = ImportTable.of(module.expectedName());
    PomChecks.passesOnOnly(module.pom(), allowed, published());
  }

  @Test
  void theQuickstartTakesItsVersionsFromTheBomLikeAnyConsumer() {
    assumeThat(PublishedModule.root().modules()).contains("quickstart");
    Pom quickstart = PublishedModule.pomIn("quickstart");
    assertThat(quickstart.managedDependencies())
        .anyMatch(
            each -> each.artifactId().equals("weightcast-bom") && each.scope().equals("import"));
    assertThat(quickstart.dependencies()).allMatch(each -> each.version().isEmpty());
  }

  private static Set<String> artifacts() {
    return published().stream().map(PublishedModule::artifactId).collect(Collectors.toSet());
  }
}
