package dev.weightcast.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.weightcast.api.BackendNotFoundException;
import dev.weightcast.api.DuplicateBackendException;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.List;
import java.util.ServiceConfigurationError;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the registry makes of real jars on a class path: good ones, bad ones, and twice the same.
 */
class ClassPathTest {

  @TempDir Path folder;
  private Jars jars;

  @BeforeEach
  void findFolder() throws IOException {
    jars = new Jars(folder);
  }

  private static WeightTransfer on(ClassLoader loader, String asked) {
    return WeightTransfer.builder()
        .backend(asked)
        .classLoader(loader)
        .logger(new RecordingLogger())
        .build();
  }

  private static List<String> described(WeightTransfer transfer) {
    return transfer.backends().stream().map(Messages::withProblems).toList();
  }

  @Test
  void aGoodOneIsFoundWithItsClassAndJar() throws IOException {
    Path jar = jars.jar("good.jar").provider("org.good.Good", "good.one").build();

    try (URLClassLoader loader = Jars.classPath(jar)) {
      assertThat(described(on(loader, "good.one")))
          .containsExactly("'good.one', class org.good.Good, unnamed module, from " + jar);
      assertThat(on(loader, "good.one").explain().searched())
          .isEqualTo("the class loader 'jars', given to the builder");
    }
  }

  @Test
  void aClassThatIsRegisteredAndMissingStopsNobody() throws IOException {
    Path bad = jars.jar("bad.jar").service("org.bad.Missing # gone").build();
    Path good = jars.jar("good.jar").provider("org.good.Good", "good.one").build();

    try (URLClassLoader loader = Jars.classPath(bad, good)) {
      assertThat(described(on(loader, "good.one")))
          .containsExactly(
              "'good.one', class org.good.Good, unnamed module, from " + good,
              "class org.bad.Missing, unnamed module, from "
                  + bad
                  + "; broken: could not be loaded: ServiceConfigurationError:"
                  + " dev.weightcast.spi.BackendProvider: Provider org.bad.Missing not found");
      assertThatExceptionOfType(BackendNotFoundException.class)
          .isThrownBy(() -> on(loader, "bad.one").broadcastWorker())
          .withMessage(
              """
              No backend is called 'bad.one'.
                asked for: 'bad.one', set by the builder
                found: 'good.one', class org.good.Good, unnamed module, from %s
                found: class org.bad.Missing, unnamed module, from %s; broken: could not be \
              loaded: ServiceConfigurationError: dev.weightcast.spi.BackendProvider: Provider \
              org.bad.Missing not found
                searched: the class loader 'jars', given to the builder
                next: if a broken one is meant, mend that; otherwise add the jar that has \
              'bad.one' to the class path or the module path, or ask for one that is there: \
              'good.one'"""
                  .formatted(good, bad))
          .withCauseInstanceOf(ServiceConfigurationError.class);
    }
  }

  @Test
  void oneThatThrowsInItsConstructorStopsNobody() throws IOException {
    String source =
        Jars.provider("org.bad.Throws", "", "throw new IllegalStateException(\"boom\");", "bad.x");
    Path bad =
        jars.jar("bad.jar").source("org.bad.Throws", source).service("org.bad.Throws").build();
    Path good = jars.jar("good.jar").provider("org.good.Good", "good.one").build();

    try (URLClassLoader loader = Jars.classPath(bad, good)) {
      assertThat(described(on(loader, "good.one")))
          .containsExactly(
              "'good.one', class org.good.Good, unnamed module, from " + good,
              "class org.bad.Throws, unnamed module, from "
                  + bad
                  + "; broken: could not be made: IllegalStateException: boom");
    }
  }

  @Test
  void oneThatNeedsAMissingClassInItsConstructorStopsNobody() throws IOException {
    Path bad =
        jars.jar("bad.jar")
            .source("org.bad.Gone", "package org.bad; public class Gone {}")
            .source("org.bad.Needs", Jars.provider("org.bad.Needs", "", "new Gone();", "bad.x"))
            .leaveOut("org.bad.Gone")
            .service("org.bad.Needs")
            .build();
    Path good = jars.jar("good.jar").provider("org.good.Good", "good.one").build();

    try (URLClassLoader loader = Jars.classPath(bad, good)) {
      assertThat(described(on(loader, "good.one")))
          .containsExactly(
              "'good.one', class org.good.Good, unnamed module, from " + good,
              "class org.bad.Needs, unnamed module, from "
                  + bad
                  + "; broken: could not be made: ClassNotFoundException: org.bad.Gone");
    }
  }

  @Test
  void oneWhoseSuperclassIsMissingIsNamedAlthoughTheJvmNamesOnlyTheSuperclass() throws IOException {
    Path bad =
        jars.jar("bad.jar")
            .source("org.bad.Gone", "package org.bad; public class Gone {}")
            .source("org.bad.Heir", Jars.provider("org.bad.Heir", "extends Gone", "", "bad.x"))
            .leaveOut("org.bad.Gone")
            .service("org.bad.Heir")
            .build();
    Path good = jars.jar("good.jar").provider("org.good.Good", "good.one").build();

    try (URLClassLoader loader = Jars.classPath(bad, good)) {
      assertThat(described(on(loader, "good.one")))
          .containsExactly(
              "'good.one', class org.good.Good, unnamed module, from " + good,
              "class org.bad.Heir, unnamed module, from "
                  + bad
                  + "; broken: could not be loaded: ClassNotFoundException: org.bad.Gone");
    }
  }

  @Test
  void twoThatMissTheSameClassAreBothNamed() throws IOException {
    Path bad =
        jars.jar("bad.jar")
            .source("org.bad.Gone", "package org.bad; public class Gone {}")
            .source("org.bad.One", Jars.provider("org.bad.One", "extends Gone", "", "bad.one"))
            .source("org.bad.Two", Jars.provider("org.bad.Two", "extends Gone", "", "bad.two"))
            .leaveOut("org.bad.Gone")
            .service("org.bad.One")
            .service("org.bad.Two")
            .build();

    try (URLClassLoader loader = Jars.classPath(bad)) {
      assertThat(described(on(loader, "bad.one")))
          .hasSize(2)
          .anyMatch(line -> line.startsWith("class org.bad.One, unnamed module, from " + bad))
          .anyMatch(line -> line.startsWith("class org.bad.Two, unnamed module, from " + bad));
    }
  }

  @Test
  void oneThatIsNoProviderAtAllStopsNobody() throws IOException {
    Path bad =
        jars.jar("bad.jar")
            .source("org.bad.Alien", "package org.bad; public class Alien {}")
            .service("org.bad.Alien")
            .build();
    Path good = jars.jar("good.jar").provider("org.good.Good", "good.one").build();

    try (URLClassLoader loader = Jars.classPath(bad, good)) {
      assertThat(described(on(loader, "good.one")))
          .hasSize(2)
          .last()
          .asString()
          .startsWith("class org.bad.Alien, unnamed module, from " + bad + "; broken: could not be")
          .endsWith("org.bad.Alien not a subtype");
    }
  }

  @Test
  void aFileThatCannotBeReadAsNamesStopsNobody() throws IOException {
    Path bad = jars.jar("bad.jar").service("org.bad.One").service("two words").build();
    Path good = jars.jar("good.jar").provider("org.good.Good", "good.one").build();

    try (URLClassLoader loader = Jars.classPath(bad, good)) {
      List<String> described = described(on(loader, "good.one"));
      assertThat(described)
          .contains("'good.one', class org.good.Good, unnamed module, from " + good);
      assertThat(described.get(1))
          .startsWith("unknown class, from an unknown place; broken: could not be loaded: ")
          .contains(
              bad.getFileName() + "!/" + Jars.SERVICES + ":2: Illegal configuration-file syntax");
    }
  }

  @Test
  void twoJarsWithOneNameAreRefusedByBothJars() throws IOException {
    Path one = jars.jar("one.jar").provider("org.one.One", "org.same").build();
    Path two = jars.jar("two.jar").provider("org.two.Two", "org.same").build();

    try (URLClassLoader loader = Jars.classPath(one, two)) {
      assertThatExceptionOfType(DuplicateBackendException.class)
          .isThrownBy(() -> on(loader, "org.same").broadcastWorker())
          .withMessage(
              """
              2 backends are called 'org.same', and none of them is taken.
                asked for: 'org.same', set by the builder
                found: 'org.same', class org.one.One, unnamed module, from %s
                found: 'org.same', class org.two.Two, unnamed module, from %s
                next: remove all but one of these jars"""
                  .formatted(one, two));
    }
  }

  @Test
  void twoOfOneNameInOneJarAreItsAuthorsToMend() throws IOException {
    Path jar =
        jars.jar("both.jar")
            .provider("org.one.One", "org.same")
            .provider("org.two.Two", "org.same")
            .build();

    try (URLClassLoader loader = Jars.classPath(jar)) {
      assertThatExceptionOfType(DuplicateBackendException.class)
          .isThrownBy(() -> on(loader, "org.same").broadcastWorker())
          .withMessageEndingWith("next: report it to the author of that jar");
    }
  }

  @Test
  void twoVersionsOfOneJarAreRefusedAlthoughTheServiceLoaderShowsOne() throws IOException {
    Path one = jars.jar("rdma-1.jar").provider("org.rdma.Rdma", "org.rdma").build();
    Path two = jars.jar("rdma-2.jar").provider("org.rdma.Rdma", "org.rdma").build();

    try (URLClassLoader loader = Jars.classPath(one, two)) {
      assertThatExceptionOfType(DuplicateBackendException.class)
          .isThrownBy(() -> on(loader, "org.rdma").broadcastWorker())
          .withMessage(
              """
              2 backends are called 'org.rdma', and none of them is taken.
                asked for: 'org.rdma', set by the builder
                found: 'org.rdma', class org.rdma.Rdma, unnamed module, from %s
                found: 'org.rdma', class org.rdma.Rdma, unnamed module, from %s
                next: remove all but one of these jars"""
                  .formatted(one, two));
    }
  }

  @Test
  void theSameJarTwiceIsNoDuplicateEvenByAnotherSpelling() throws IOException {
    Path jar = jars.jar("rdma.jar").provider("org.rdma.Rdma", "org.rdma").build();
    Path link = Files.createSymbolicLink(folder.resolve("link.jar"), jar);

    try (URLClassLoader parent = Jars.classPath(jar, jar, link);
        URLClassLoader child = new URLClassLoader(new URL[] {jar.toUri().toURL()}, parent)) {
      assertThat(described(on(child, "org.rdma")))
          .containsExactly("'org.rdma', class org.rdma.Rdma, unnamed module, from " + jar);
      assertThat(on(child, "org.rdma").explain().searched())
          .isEqualTo("a class loader of java.net.URLClassLoader, given to the builder");
    }
  }

  @Test
  void aJarThatOnlyRegistersWhatAnotherHasIsNoDuplicate() throws IOException {
    Path jar = jars.jar("rdma.jar").provider("org.rdma.Rdma", "org.rdma").build();
    Path other = jars.jar("other.jar").service("org.rdma.Rdma").build();

    try (URLClassLoader loader = Jars.classPath(jar, other)) {
      assertThat(described(on(loader, "org.rdma"))).hasSize(1);
    }
  }

  @Test
  void aFolderIsAsGoodAsAJar() throws IOException {
    jars.jar("rdma.jar").provider("org.rdma.Rdma", "org.rdma").build();
    Path classes = folder.toRealPath().resolve("rdma.jar.work").resolve("classes");

    try (URLClassLoader loader = Jars.classPath(classes)) {
      assertThat(described(on(loader, "org.rdma")))
          .containsExactly("'org.rdma', class org.rdma.Rdma, unnamed module, from " + classes);
    }
  }

  @Test
  void aLoaderThatThrowsForeverEnds() {
    ClassLoader loader =
        new ClassLoader("forever", WeightTransfer.class.getClassLoader()) {
          @Override
          public Enumeration<URL> getResources(String name) throws IOException {
            throw new IOException("the disk is gone");
          }
        };

    assertThat(described(on(loader, "org.rdma")))
        .containsExactly(
            "unknown class, from an unknown place; broken: could not be loaded: IOException: the"
                + " disk is gone");
  }

  @Test
  void theContextClassLoaderIsSearchedByDefault() throws IOException {
    Path jar = jars.jar("good.jar").provider("org.good.Good", "good.one").build();
    ClassLoader before = Thread.currentThread().getContextClassLoader();

    try (URLClassLoader loader = Jars.classPath(jar)) {
      Thread.currentThread().setContextClassLoader(loader);
      Explanation explanation = WeightTransfer.builder().backend("good.one").build().explain();

      assertThat(explanation.chosen())
          .map(BackendReport::name)
          .get()
          .hasToString("Optional[good.one]");
      assertThat(explanation.searched())
          .isEqualTo("the class loader 'jars', the thread's context class loader");
    } finally {
      Thread.currentThread().setContextClassLoader(before);
    }
  }

  @Test
  void ourOwnClassLoaderIsSearchedWhereTheContextDoesNotSeeUs() {
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    for (ClassLoader blind : new ClassLoader[] {ClassLoader.getPlatformClassLoader(), null}) {
      try {
        Thread.currentThread().setContextClassLoader(blind);
        assertThat(WeightTransfer.builder().build().explain().searched())
            .isEqualTo("the class loader 'app', Weightcast's own");
      } finally {
        Thread.currentThread().setContextClassLoader(before);
      }
    }
  }
}
