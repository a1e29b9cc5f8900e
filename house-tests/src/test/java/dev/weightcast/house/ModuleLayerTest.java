package dev.weightcast.house;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.lang.module.Configuration;
import java.lang.module.ModuleFinder;
import java.lang.module.ResolvedModule;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The jars together, as the module system sees them. */
class ModuleLayerTest {

  static List<PublishedModule> published() {
    return PublishedModule.all();
  }

  @Test
  void allModulesTogetherAreOneLayerWithoutAnythingAutomatic() {
    ModuleLayer layer = layer(path(), published());
    Set<String> names = layer.modules().stream().map(Module::getName).collect(Collectors.toSet());
    assertThat(names).containsAll(names(published()));
    assertThat(layer.modules())
        .noneMatch(module -> module.getDescriptor().isAutomatic())
        .filteredOn(module -> module.getName().startsWith("dev.weightcast."))
        .hasSameSizeAs(published());
  }

  /** The resolution that a program has which starts with nothing but this module in mind. */
  @ParameterizedTest
  @MethodSource("published")
  void eachModuleResolvesByItselfToWhatTheTableAllows(PublishedModule module) {
    Configuration alone =
        ModuleLayer.boot()
            .configuration()
            .resolve(path(), ModuleFinder.of(), Set.of(module.expectedName()));
    Set<String> resolved =
        alone.modules().stream()
            .map(ResolvedModule::name)
            .filter(name -> name.startsWith("dev.weightcast."))
            .filter(name -> !name.equals(module.expectedName()))
            .collect(Collectors.toSet());
    assertThat(allReachable(module.expectedName())).containsAll(resolved);
  }

  @Test
  void theFrontDoorBringsEveryProviderInByItself() {
    Configuration bound =
        ModuleLayer.boot()
            .configuration()
            .resolveAndBind(path(), ModuleFinder.of(), Set.of("dev.weightcast.core"));
    List<String> providers =
        published().stream()
            .filter(module -> !module.descriptor().provides().isEmpty())
            .map(PublishedModule::expectedName)
            .toList();
    assertThat(providers).isNotEmpty();
    assertThat(bound.modules()).map(ResolvedModule::name).containsAll(providers);
  }

  @Test
  void theFrontDoorFindsThemInTheLayer() throws Exception {
    ModuleLayer layer = layer(path(), published());
    Class<?> door =
        layer.findLoader("dev.weightcast.core").loadClass("dev.weightcast.core.WeightTransfer");
    Object builder = door.getMethod("builder").invoke(null);
    builder.getClass().getMethod("moduleLayer", ModuleLayer.class).invoke(builder, layer);
    Object transfer = builder.getClass().getMethod("build").invoke(builder);
    assertThat(door.getModule().getName()).isEqualTo("dev.weightcast.core");
    assertThat(door.getMethod("backends").invoke(transfer).toString())
        .contains("loopback")
        .contains("dev.weightcast.backend.loopback");
  }

  private static Set<String> allReachable(String module) {
    Set<String> reachable = new HashSet<>(ImportTable.of(module));
    ImportTable.of(module).stream()
        .filter(each -> ImportTable.modules().contains(each))
        .forEach(each -> reachable.addAll(allReachable(each)));
    return reachable;
  }

  private static ModuleLayer layer(ModuleFinder finder, List<PublishedModule> roots) {
    Configuration configuration =
        ModuleLayer.boot().configuration().resolve(finder, ModuleFinder.of(), names(roots));
    return ModuleLayer.defineModulesWithOneLoader(
            configuration, List.of(ModuleLayer.boot()), ClassLoader.getPlatformClassLoader())
        .layer();
  }

  private static Set<String> names(List<PublishedModule> modules) {
    return modules.stream().map(PublishedModule::expectedName).collect(Collectors.toSet());
  }

  /** Our jars, and whatever else is on the class path of these tests for those who require it. */
  private static ModuleFinder path() {
    List<Path> ours = published().stream().map(PublishedModule::jar).toList();
    Path[] others =
        Pattern.compile(File.pathSeparator)
            .splitAsStream(System.getProperty("java.class.path"))
            .filter(each -> each.endsWith(".jar"))
            .map(Path::of)
            .toArray(Path[]::new);
    return ModuleFinder.compose(
        ModuleFinder.of(ours.toArray(Path[]::new)), ModuleFinder.of(others));
  }
}
