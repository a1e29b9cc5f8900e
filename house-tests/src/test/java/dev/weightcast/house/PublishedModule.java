package dev.weightcast.house;

import java.lang.module.FindException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A module that people get from us: its folder, its pom and its jar. */
record PublishedModule(String folder, Pom pom) {

  private static final Path ROOT = Path.of(required("weightcast.root")).normalize();

  /**
   * Where the name is not the folder's: the artifact says what it is for, the package what it is.
   */
  private static final Map<String, String> NAMES_OF_THEIR_OWN =
      Map.of("backend-loopback-test", "dev.weightcast.backend.loopback");

  /** All of them: every jar of the build whose pom does not say that it is not deployed. */
  static List<PublishedModule> all() {
    return root().modules().stream()
        .map(folder -> new PublishedModule(folder, Pom.read(ROOT.resolve(folder + "/pom.xml"))))
        .filter(module -> module.pom.text("packaging").orElse("jar").equals("jar"))
        .filter(module -> !module.pom.text("properties", "maven.deploy.skip").equals(TRUE))
        .toList();
  }

  private static final Optional<String> TRUE = Optional.of("true");

  static Pom root() {
    return Pom.read(ROOT.resolve("pom.xml"));
  }

  static Pom pomIn(String folder) {
    return Pom.read(ROOT.resolve(folder + "/pom.xml"));
  }

  static String version() {
    return required("weightcast.version");
  }

  String artifactId() {
    return pom.artifactId();
  }

  /** The module name that goes with the folder. */
  String expectedName() {
    return NAMES_OF_THEIR_OWN.getOrDefault(folder, "dev.weightcast." + folder.replace('-', '.'));
  }

  Path jar() {
    return built("");
  }

  Path sourcesJar() {
    return built("-sources");
  }

  private Path built(String classifier) {
    String name = artifactId() + "-" + version() + classifier + ".jar";
    Path jar = ROOT.resolve(folder).resolve("target").resolve(name);
    if (!Files.exists(jar)) {
      throw new IllegalStateException(
          jar + " has not been built; run mvn verify, and see that house-tests depends on it");
    }
    return jar;
  }

  ModuleDescriptor descriptor() {
    var found = ModuleFinder.of(jar()).findAll();
    if (found.size() != 1) {
      throw new FindException(jar() + " holds " + found.size() + " modules");
    }
    return found.iterator().next().descriptor();
  }

  @Override
  public String toString() {
    return artifactId();
  }

  private static String required(String property) {
    String value = System.getProperty(property);
    if (value == null) {
      throw new IllegalStateException("the build sets -D" + property + "; run the tests with mvn");
    }
    return value;
  }
}
