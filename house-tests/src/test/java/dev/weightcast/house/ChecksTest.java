package dev.weightcast.house;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Requires.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each check refuses what it is there to refuse. */
class ChecksTest {

  private static final LocalDateTime STAMP = LocalDateTime.of(2026, 11, 23, 0, 0);

  @TempDir private Path folder;

  @Test
  void anotherNameIsRefused() {
    ModuleDescriptor module = ModuleDescriptor.newModule("dev.weightcast.other").build();
    refused(() -> JarChecks.isAModuleOfItsOwn(module, "dev.weightcast.name"));
  }

  @Test
  void anAutomaticModuleIsRefused() {
    ModuleDescriptor module = ModuleDescriptor.newAutomaticModule("dev.weightcast.x").build();
    refused(() -> JarChecks.isAModuleOfItsOwn(module, "dev.weightcast.x"));
  }

  @Test
  void anOpenModuleIsRefused() {
    ModuleDescriptor module = ModuleDescriptor.newOpenModule("dev.weightcast.x").build();
    refused(() -> JarChecks.isAModuleOfItsOwn(module, "dev.weightcast.x"));
  }

  @Test
  void anExportedInternalPackageIsRefused() {
    ModuleDescriptor module =
        ModuleDescriptor.newModule("dev.weightcast.x").exports("dev.weightcast.x.internal").build();
    refused(() -> JarChecks.isAModuleOfItsOwn(module, "dev.weightcast.x"));
  }

  @Test
  void aPackageOutsideTheModulesNameIsRefused() {
    ModuleDescriptor module =
        ModuleDescriptor.newModule("dev.weightcast.x").packages(Set.of("dev.weightcast.y")).build();
    refused(() -> JarChecks.isAModuleOfItsOwn(module, "dev.weightcast.x"));
  }

  @Test
  void anImportThatTheTableDoesNotHaveIsRefused() {
    ModuleDescriptor module =
        ModuleDescriptor.newModule("dev.weightcast.x").requires("java.sql").build();
    refused(() -> JarChecks.requiresOnly(module, Set.of("dev.weightcast.api")));
  }

  @Test
  void aTransitiveAnnotationIsRefused() {
    ModuleDescriptor module =
        ModuleDescriptor.newModule("dev.weightcast.x")
            .requires(Set.of(Modifier.STATIC, Modifier.TRANSITIVE), "org.jspecify")
            .build();
    refused(() -> JarChecks.requiresOnly(module, Set.of()));
  }

  @Test
  void anUnknownModuleHasNoImports() {
    refused(() -> ImportTable.of("dev.weightcast.unheard.of"));
  }

  @Test
  void aProviderInOneOfTheTwoPlacesIsRefused() {
    ModuleDescriptor silent = ModuleDescriptor.newModule("dev.weightcast.x").build();
    ModuleDescriptor provides =
        ModuleDescriptor.newModule("dev.weightcast.x").provides("a.S", List.of("b.P")).build();
    refused(() -> JarChecks.registersWhatItProvides(silent, Map.of("a.S", List.of("b.P"))));
    refused(() -> JarChecks.registersWhatItProvides(provides, Map.of()));
    refused(() -> JarChecks.registersWhatItProvides(provides, Map.of("a.S", List.of("b.Q"))));
    JarChecks.registersWhatItProvides(provides, Map.of("a.S", List.of("b.P")));
  }

  @Test
  void aManifestThatSaysTooMuchOrNothingIsRefused() {
    Manifest empty = new Manifest();
    refused(() -> JarChecks.manifestSaysWhatItIs(empty, "X", "1"));
    Manifest chatty = new Manifest();
    chatty.getMainAttributes().putValue("Implementation-Title", "X");
    chatty.getMainAttributes().putValue("Implementation-Version", "1");
    JarChecks.manifestSaysWhatItIs(chatty, "X", "1");
    chatty.getMainAttributes().putValue("Automatic-Module-Name", "x");
    refused(() -> JarChecks.manifestSaysWhatItIs(chatty, "X", "1"));
  }

  @Test
  void anEntryOfAnotherTimeIsRefused() {
    JarEntry entry = new JarEntry("X.class");
    entry.setTimeLocal(STAMP);
    JarChecks.isReproducible(List.of(entry), STAMP);
    refused(() -> JarChecks.isReproducible(List.of(entry), STAMP.plusDays(1)));
    refused(() -> JarChecks.isReproducible(List.of(entry, entry), STAMP));
  }

  @Test
  void sourcesAndTestsInAJarAreRefused() {
    refused(() -> JarChecks.holdsOnlyWhatIsPublished(List.of(new JarEntry("a/X.java"))));
    refused(() -> JarChecks.holdsOnlyWhatIsPublished(List.of(new JarEntry("a/XTest.class"))));
  }

  @Test
  void aJarWithoutTheLicenseOrWithAnotherIsRefused() throws IOException {
    Path with = jar("META-INF/LICENSE", "ours".getBytes(StandardCharsets.UTF_8));
    JarChecks.carriesTheLicense(with, "ours");
    refused(() -> JarChecks.carriesTheLicense(with, "theirs"));
    Path without = jar("META-INF/NOTICE", "ours".getBytes(StandardCharsets.UTF_8));
    refused(() -> JarChecks.carriesTheLicense(without, "ours"));
  }

  @Test
  void classesOfANewerJavaAreRefused() throws IOException {
    Path jar = jar("X.class", new byte[] {0, 0, 0, 0, 0, 0, 0, 69});
    refused(() -> JarChecks.runsOnJava17(jar));
  }

  @Test
  void servicesAreReadWithoutTheirComments() throws IOException {
    Path jar =
        jar(
            "META-INF/services/a.S",
            "# made\nb.Q # late\n\nb.P\n".getBytes(StandardCharsets.UTF_8));
    assertThat(JarFacts.registered(jar)).isEqualTo(Map.of("a.S", List.of("b.P", "b.Q")));
  }

  @Test
  void aBomWithMoreOrLessOrOfAnotherVersionIsRefused() {
    Pom.Dependency ours = ours("weightcast-x", "${project.version}");
    PomChecks.listsExactly(List.of(ours), Set.of("weightcast-x"));
    refused(() -> PomChecks.listsExactly(List.of(ours), Set.of("weightcast-x", "weightcast-y")));
    refused(() -> PomChecks.listsExactly(List.of(ours), Set.of()));
    refused(
        () -> PomChecks.listsExactly(List.of(ours("weightcast-x", "1.0")), Set.of("weightcast-x")));
    Pom.Dependency foreign = new Pom.Dependency("g", "x", "${project.version}", "", "");
    refused(() -> PomChecks.listsExactly(List.of(foreign), Set.of("x")));
  }

  @Test
  void aPomThatBringsSomethingIsRefused() {
    refused(() -> PomChecks.bringsNothing(PublishedModule.pomIn("parent")));
  }

  @Test
  void aModuleThatPassesOnWhatItMayNotIsRefused() {
    Pom safetensors = PublishedModule.pomIn("safetensors");
    refused(() -> PomChecks.passesOnOnly(safetensors, Set.of(), PublishedModule.all()));
  }

  private static Pom.Dependency ours(String artifactId, String version) {
    return new Pom.Dependency("dev.weightcast", artifactId, version, "", "");
  }

  private static void refused(ThrowingCallable check) {
    assertThatThrownBy(check).isInstanceOf(AssertionError.class);
  }

  private Path jar(String entry, byte[] bytes) throws IOException {
    Path jar = folder.resolve("x.jar");
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
      out.putNextEntry(new JarEntry(entry));
      out.write(bytes);
      out.closeEntry();
    }
    return jar;
  }
}
