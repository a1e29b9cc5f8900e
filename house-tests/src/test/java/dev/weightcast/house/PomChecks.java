package dev.weightcast.house;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Each check takes what it looks at, so that a test can show it something bad. */
final class PomChecks {

  /** The artifacts of others that a module of the import table may stand on. */
  private static final Map<String, String> ARTIFACTS_OF_OTHERS =
      Map.of(
          "com.fasterxml.jackson.core", "jackson-core",
          "org.bytedeco.cuda", "cuda",
          "org.bytedeco.javacpp", "javacpp");

  private PomChecks() {}

  static void listsExactly(List<Pom.Dependency> managed, Set<String> artifacts) {
    assertThat(managed)
        .allSatisfy(
            each -> {
              assertThat(each.groupId()).isEqualTo("dev.weightcast");
              assertThat(each.version()).as(each.artifactId()).isEqualTo("${project.version}");
              assertThat(each.scope()).as(each.artifactId()).isEmpty();
              assertThat(each.type()).as(each.artifactId()).isEmpty();
            })
        .map(Pom.Dependency::artifactId)
        .containsExactlyInAnyOrderElementsOf(artifacts);
  }

  static void bringsNothing(Pom pom) {
    assertThat(pom.text("parent")).as("a parent of %s", pom.file()).isEmpty();
    assertThat(pom.dependencies()).as("dependencies of %s", pom.file()).isEmpty();
    assertThat(pom.managedDependencies()).as("managed by %s", pom.file()).isEmpty();
  }

  static void passesOnOnly(Pom pom, Set<String> modules, List<PublishedModule> published) {
    Set<String> allowed =
        published.stream()
            .filter(module -> modules.contains(module.expectedName()))
            .map(PublishedModule::artifactId)
            .collect(Collectors.toSet());
    modules.stream()
        .filter(ARTIFACTS_OF_OTHERS::containsKey)
        .map(ARTIFACTS_OF_OTHERS::get)
        .forEach(allowed::add);
    assertThat(pom.dependencies())
        .filteredOn(Pom.Dependency::isPassedOn)
        .map(Pom.Dependency::artifactId)
        .as("what consumers of %s get with it", pom.artifactId())
        .isSubsetOf(allowed);
  }
}
