package dev.weightcast.house;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.module.ModuleDescriptor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.stream.Collectors;

/** What a jar says about itself, in forms that can be compared. */
final class JarFacts {

  private static final String SERVICES = "META-INF/services/";

  private JarFacts() {}

  /** The module as text, a fact a line, in an order that does not depend on the compiler. */
  static String describe(ModuleDescriptor module) {
    List<String> lines = new ArrayList<>();
    lines.add((module.isAutomatic() ? "automatic " : "") + "module " + module.name());
    module.exports().stream().map(each -> "exports " + each).sorted().forEach(lines::add);
    module.requires().stream()
        .map(each -> "requires " + unversioned(each))
        .sorted()
        .forEach(lines::add);
    module.uses().stream().sorted().map(each -> "uses " + each).forEach(lines::add);
    module.provides().stream()
        .map(each -> "provides " + each.service() + " with " + String.join(", ", each.providers()))
        .sorted()
        .forEach(lines::add);
    module.opens().stream().map(each -> "opens " + each).sorted().forEach(lines::add);
    var concealed = new TreeSet<>(module.packages());
    module.exports().forEach(each -> concealed.remove(each.source()));
    concealed.forEach(each -> lines.add("contains " + each));
    return String.join("\n", lines) + "\n";
  }

  /** The version that a module was compiled against is not part of its contract. */
  private static String unversioned(ModuleDescriptor.Requires requires) {
    return requires.modifiers().stream()
            .filter(each -> each != ModuleDescriptor.Requires.Modifier.MANDATED)
            .map(each -> each.toString().toLowerCase(Locale.ROOT) + " ")
            .sorted()
            .collect(Collectors.joining())
        + requires.name();
  }

  /** The providers that a module declares, by service. */
  static Map<String, List<String>> provided(ModuleDescriptor module) {
    Map<String, List<String>> provided = new TreeMap<>();
    module.provides().forEach(each -> provided.put(each.service(), sorted(each.providers())));
    return provided;
  }

  /** The providers in META-INF/services, by service. */
  static Map<String, List<String>> registered(Path jar) {
    try (JarFile file = new JarFile(jar.toFile())) {
      Map<String, List<String>> registered = new TreeMap<>();
      for (JarEntry entry : entries(file)) {
        if (entry.getName().startsWith(SERVICES) && !entry.isDirectory()) {
          String text =
              new String(file.getInputStream(entry).readAllBytes(), StandardCharsets.UTF_8);
          List<String> names =
              text.lines()
                  .map(line -> line.replaceFirst("#.*", "").strip())
                  .filter(line -> !line.isEmpty())
                  .toList();
          registered.put(entry.getName().substring(SERVICES.length()), sorted(names));
        }
      }
      return registered;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<JarEntry> entries(Path jar) {
    try (JarFile file = new JarFile(jar.toFile())) {
      return entries(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Manifest manifest(Path jar) {
    try (JarFile file = new JarFile(jar.toFile())) {
      return file.getManifest();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static byte[] bytes(Path jar, String entry) {
    try (JarFile file = new JarFile(jar.toFile())) {
      return file.getInputStream(file.getJarEntry(entry)).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<JarEntry> entries(JarFile file) {
    return file.stream().toList();
  }

  private static List<String> sorted(Collection<String> names) {
    return names.stream().sorted().toList();
  }
}
