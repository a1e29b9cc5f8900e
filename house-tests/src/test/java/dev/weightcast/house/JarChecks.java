package dev.weightcast.house;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Requires.Modifier;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.Manifest;
import java.util.stream.Collectors;

/** Each check takes what it looks at, so that a test can show it something bad. */
final class JarChecks {

  /** The class files of Java 17. */
  private static final int CLASS_FILE_VERSION = 61;

  private static final String LICENSE = "META-INF/LICENSE";

  private JarChecks() {}

  static void isAModuleOfItsOwn(ModuleDescriptor module, String expectedName) {
    assertThat(module.name()).isEqualTo(expectedName);
    assertThat(module.isAutomatic()).as("%s is automatic", module.name()).isFalse();
    assertThat(module.isOpen()).as("%s is open", module.name()).isFalse();
    assertThat(module.packages())
        .as("packages of %s", module.name())
        .allMatch(each -> each.equals(expectedName) || each.startsWith(expectedName + "."));
    assertThat(module.exports())
        .as("what %s exports", module.name())
        .noneMatch(each -> each.source().matches(".*\\.internal(\\..*)?"))
        .noneMatch(ModuleDescriptor.Exports::isQualified);
  }

  static void requiresOnly(ModuleDescriptor module, Set<String> allowed) {
    Set<String> atRunTime =
        module.requires().stream()
            .filter(each -> !each.modifiers().contains(Modifier.STATIC))
            .map(ModuleDescriptor.Requires::name)
            .filter(each -> !each.equals("java.base"))
            .collect(Collectors.toSet());
    assertThat(allowed).as("what %s may import", module.name()).containsAll(atRunTime);
    assertThat(module.requires())
        .as("annotations in %s are static and stay where they are", module.name())
        .noneMatch(
            each ->
                each.modifiers().contains(Modifier.STATIC)
                    && each.modifiers().contains(Modifier.TRANSITIVE));
  }

  /** A named module that has only META-INF/services is silently not found, and so the reverse. */
  static void registersWhatItProvides(
      ModuleDescriptor module, Map<String, List<String>> registered) {
    assertThat(registered)
        .as("META-INF/services of %s against its «provides»", module.name())
        .isEqualTo(JarFacts.provided(module));
  }

  static void manifestSaysWhatItIs(Manifest manifest, String title, String version) {
    Attributes main = manifest.getMainAttributes();
    assertThat(main.getValue("Implementation-Title")).isEqualTo(title);
    assertThat(main.getValue("Implementation-Version")).isEqualTo(version);
    assertThat(main.keySet())
        .as("a module needs no other name, and a library no class path")
        .map(Object::toString)
        .doesNotContain(
            "Automatic-Module-Name", "Class-Path", "Built-By", "Build-Jdk", "Add-Opens");
  }

  static void isReproducible(List<JarEntry> entries, LocalDateTime stamp) {
    assertThat(entries).allSatisfy(each -> assertThat(each.getTimeLocal()).isEqualTo(stamp));
    assertThat(entries).map(JarEntry::getName).doesNotHaveDuplicates();
  }

  static void holdsOnlyWhatIsPublished(List<JarEntry> entries) {
    assertThat(entries)
        .filteredOn(each -> !each.isDirectory())
        .map(JarEntry::getName)
        .allMatch(name -> name.endsWith(".class") || name.startsWith("META-INF/"))
        .noneMatch(name -> name.matches(".*(Test|Tests|IT)\\.class"));
  }

  static void carriesTheLicense(Path jar, String license) {
    assertThat(JarFacts.entries(jar)).map(JarEntry::getName).contains(LICENSE);
    assertThat(new String(JarFacts.bytes(jar, LICENSE), StandardCharsets.UTF_8)).isEqualTo(license);
  }

  static void runsOnJava17(Path jar) {
    for (JarEntry entry : JarFacts.entries(jar)) {
      if (entry.getName().endsWith(".class")) {
        assertThat((int) ByteBuffer.wrap(JarFacts.bytes(jar, entry.getName())).getShort(6))
            .as(entry.getName())
            .isEqualTo(CLASS_FILE_VERSION);
      }
    }
  }
}
