package dev.weightcast.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.weightcast.api.BackendNotFoundException;
import dev.weightcast.api.DuplicateBackendException;
import java.io.IOException;
import java.lang.module.Configuration;
import java.lang.module.ModuleFinder;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the registry makes of real modules in a layer. */
class ModulePathTest {

  @TempDir Path folder;
  private Jars jars;

  @BeforeEach
  void findFolder() throws IOException {
    jars = new Jars(folder);
  }

  private static String module(String name, String directives) {
    return "module " + name + " { requires dev.weightcast.spi; " + directives + " }";
  }

  private static String provides(String className) {
    return "provides dev.weightcast.spi.BackendProvider with " + className + ";";
  }

  private Path good(String fileName, String module) throws IOException {
    String className = module + ".Rdma";
    return jars.jar(fileName)
        .source("module-info", module(module, provides(className)))
        .source(className, Jars.provider(className, "org.rdma"))
        .build();
  }

  private static ModuleLayer layer(List<Path> jars, String... modules) {
    ModuleLayer own = WeightTransfer.class.getModule().getLayer();
    Configuration configuration =
        own.configuration()
            .resolve(
                ModuleFinder.of(jars.toArray(Path[]::new)), ModuleFinder.of(), Set.of(modules));
    return own.defineModulesWithOneLoader(configuration, WeightTransfer.class.getClassLoader());
  }

  private static WeightTransfer in(ModuleLayer layer, String asked) {
    return WeightTransfer.builder()
        .backend(asked)
        .moduleLayer(layer)
        .logger(new RecordingLogger())
        .build();
  }

  private static List<String> described(WeightTransfer transfer) {
    return transfer.backends().stream().map(Messages::withProblems).toList();
  }

  @Test
  void theseTestsRunOnTheModulePath() {
    assertThat(WeightTransfer.class.getModule().getName()).isEqualTo("dev.weightcast.core");
  }

  @Test
  void aProvidedOneIsFoundWithItsModuleAndJar() throws IOException {
    Path jar = good("rdma.jar", "org.rdma");
    ModuleLayer layer = layer(List.of(jar), "org.rdma");

    WeightTransfer transfer = in(layer, "org.rdma");

    assertThat(described(transfer))
        .containsExactly("'org.rdma', class org.rdma.Rdma, module org.rdma, from " + jar);
    assertThat(transfer.explain().chosen()).isPresent();
    assertThat(transfer.explain().searched())
        .isEqualTo("a module layer of 1 module, given to the builder");
  }

  @Test
  void aLayersOwnClassLoaderLeadsToItToo() throws IOException {
    Path jar = good("rdma.jar", "org.rdma");
    ClassLoader loader = layer(List.of(jar), "org.rdma").findLoader("org.rdma");

    WeightTransfer transfer = WeightTransfer.builder().classLoader(loader).build();

    assertThat(described(transfer))
        .containsExactly("'org.rdma', class org.rdma.Rdma, module org.rdma, from " + jar);
  }

  @Test
  void twoModulesWithOneNameAreRefusedByBothModules() throws IOException {
    Path one = good("one.jar", "org.one");
    Path two = good("two.jar", "org.two");
    ModuleLayer layer = layer(List.of(one, two), "org.one", "org.two");

    assertThatExceptionOfType(DuplicateBackendException.class)
        .isThrownBy(() -> in(layer, "org.rdma").broadcastTrainer())
        .withMessage(
            """
            2 backends are called 'org.rdma', and none of them is taken.
              asked for: 'org.rdma', set by the builder
              found: 'org.rdma', class org.one.Rdma, module org.one, from %s
              found: 'org.rdma', class org.two.Rdma, module org.two, from %s
              next: remove all but one of these jars"""
                .formatted(one, two));
  }

  @Test
  void aModuleThatRegistersOnlyInMetaInfIsNotFoundButNamed() throws IOException {
    Path jar =
        jars.jar("rdma.jar")
            .source("module-info", module("org.rdma", ""))
            .provider("org.rdma.Rdma", "org.rdma")
            .build();
    ModuleLayer layer = layer(List.of(jar), "org.rdma");

    assertThatExceptionOfType(BackendNotFoundException.class)
        .isThrownBy(() -> in(layer, "org.rdma").broadcastTrainer())
        .withMessage(
            """
            No backend is called 'org.rdma'.
              asked for: 'org.rdma', set by the builder
              found: class org.rdma.Rdma, module org.rdma, from %s; broken: its module registers it \
            in META-INF/services only, which is not read in a named module; its author should add \
            'provides dev.weightcast.spi.BackendProvider with org.rdma.Rdma' to module-info
              searched: a module layer of 1 module, given to the builder
              next: if a broken one is meant, mend that; otherwise add the jar that has 'org.rdma' \
            to the class path or the module path"""
                .formatted(jar))
        .withNoCause();
  }

  @Test
  void aModuleThatUsesTheContractAndProvidesNothingIsNotSuspected() throws IOException {
    Path jar = jars.jar("app.jar").source("module-info", module("org.app", "")).build();

    assertThat(described(in(layer(List.of(jar), "org.app"), "org.rdma"))).isEmpty();
  }

  @Test
  void aProviderWithoutAUsableConstructorIsNamedWithItsModule() throws IOException {
    String className = "org.bad.Bad";
    Path jar =
        jars.jar("bad.jar")
            .source("module-info", module("org.bad", provides(className)))
            .source(
                className,
                Jars.provider(
                    className, "", "throw new IllegalStateException(\"boom\");", "org.bad"))
            .build();

    assertThat(described(in(layer(List.of(jar), "org.bad"), "org.bad")))
        .containsExactly(
            "class org.bad.Bad, module org.bad, from "
                + jar
                + "; broken: could not be made: IllegalStateException: boom");
  }

  @Test
  void aProviderWhoseSuperclassIsMissingIsNamedWithItsModule() throws IOException {
    Path jar =
        jars.jar("bad.jar")
            .source("module-info", module("org.bad", provides("org.bad.Heir")))
            .source("org.bad.Gone", "package org.bad; public class Gone {}")
            .source("org.bad.Heir", Jars.provider("org.bad.Heir", "extends Gone", "", "org.bad"))
            .leaveOut("org.bad.Gone")
            .build();

    assertThat(described(in(layer(List.of(jar), "org.bad"), "org.bad")))
        .containsExactly(
            "class org.bad.Heir, module org.bad, from "
                + jar
                + "; broken: could not be loaded: ClassNotFoundException: org.bad.Gone");
  }
}
