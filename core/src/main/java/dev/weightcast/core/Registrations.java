package dev.weightcast.core;

import dev.weightcast.spi.BackendProvider;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ResolvedModule;
import java.net.URL;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Who is registered where, read beside the service loader: its errors name a class at best and
 * never a jar, and of two copies of a class it shows one.
 */
final class Registrations {

  private static final String SERVICE = BackendProvider.class.getName();
  private static final String FILE = "META-INF/services/" + SERVICE;
  private static final String SPI_MODULE = "dev.weightcast.spi";

  private final Logger logger;
  private final List<BackendOrigin> registered = new ArrayList<>();
  private final List<BackendOrigin> unread = new ArrayList<>();
  private final Set<String> met = new HashSet<>();
  private final Optional<ClassLoader> loader;

  private Registrations(Logger logger, Optional<ClassLoader> loader) {
    this.logger = logger;
    this.loader = loader;
  }

  static Registrations of(ModuleLayer layer, Logger logger) {
    Registrations registrations = new Registrations(logger, Optional.empty());
    registrations.addLayer(layer, new HashSet<>());
    return registrations;
  }

  static Registrations of(ClassLoader loader, Logger logger) {
    Registrations registrations = new Registrations(logger, Optional.of(loader));
    Set<ModuleLayer> seen = new HashSet<>();
    registrations.addLayer(ModuleLayer.boot(), seen);
    ModuleLayer own = Registrations.class.getModule().getLayer();
    if (own != null) {
      registrations.addLayer(own, seen);
    }
    registrations.addFiles(loader);
    return registrations;
  }

  /** Notes that the service loader has come to this provider. */
  void met(BackendOrigin origin) {
    origin.className().ifPresent(met::add);
  }

  /** The provider that an error message names. */
  Optional<BackendOrigin> namedIn(String message) {
    List<String> words = List.of(message.split("[\\s:,]+"));
    return registered.stream().filter(r -> words.contains(r.className().orElse(""))).findFirst();
  }

  /** Those that the service loader has not come to, in its order. */
  List<BackendOrigin> notMet() {
    return registered.stream().filter(r -> !met.contains(r.className().orElse(""))).toList();
  }

  /** Modules that register a provider in a file which is not read in a named module. */
  List<BackendOrigin> unread() {
    return List.copyOf(unread);
  }

  /** Other places on the class path that have this class and register it, too. */
  Set<String> copies(BackendOrigin origin) {
    if (loader.isEmpty() || origin.moduleName().isPresent() || origin.className().isEmpty()) {
      return Set.of();
    }
    String resource = origin.className().get().replace('.', '/') + ".class";
    Set<String> places = new LinkedHashSet<>();
    for (URL url : resources(loader.get(), resource)) {
      places.add(Locations.ofResource(url.toString(), resource));
    }
    places.removeIf(
        place ->
            origin.location().equals(Optional.of(place))
                || registered.stream()
                    .noneMatch(
                        r ->
                            r.className().equals(origin.className())
                                && r.location().equals(Optional.of(place))));
    return places;
  }

  private void addLayer(ModuleLayer layer, Set<ModuleLayer> seen) {
    if (!seen.add(layer)) {
      return;
    }
    for (ResolvedModule resolved : layer.configuration().modules()) {
      ModuleDescriptor descriptor = resolved.reference().descriptor();
      descriptor.provides().stream()
          .filter(provides -> provides.service().equals(SERVICE))
          .flatMap(provides -> provides.providers().stream())
          .forEach(name -> registered.add(origin(resolved, Optional.of(name))));
      if (registersOnlyInFile(descriptor)) {
        layer.findModule(descriptor.name()).ifPresent(module -> addUnread(module, resolved));
      }
    }
    layer.parents().forEach(parent -> addLayer(parent, seen));
  }

  // An automatic module's file is read; and who does not require the SPI has no provider.
  private static boolean registersOnlyInFile(ModuleDescriptor descriptor) {
    return !descriptor.isAutomatic()
        && descriptor.requires().stream().anyMatch(r -> r.name().equals(SPI_MODULE))
        && descriptor.provides().stream().noneMatch(p -> p.service().equals(SERVICE));
  }

  private void addUnread(Module module, ResolvedModule resolved) {
    try (InputStream in = module.getResourceAsStream(FILE)) {
      if (in != null) {
        for (String name : classNames(in)) {
          unread.add(origin(resolved, Optional.of(name)));
        }
      }
    } catch (IOException e) {
      logger.log(Level.DEBUG, "cannot read " + FILE + " of module " + module.getName(), e);
    }
  }

  private void addFiles(ClassLoader from) {
    for (URL url : resources(from, FILE)) {
      String location = Locations.ofResource(url.toString(), FILE);
      try {
        URLConnection connection = url.openConnection();
        connection.setUseCaches(false); // a cached jar would stay open behind the loader's back
        try (InputStream in = connection.getInputStream()) {
          for (String name : classNames(in)) {
            registered.add(
                new BackendOrigin(
                    Optional.of(name), Optional.empty(), Optional.of(location), Optional.empty()));
          }
        }
      } catch (IOException e) {
        // The service loader meets the same file and says so; here only a jar's name is lost.
        logger.log(Level.DEBUG, "cannot read " + url, e);
      }
    }
  }

  private List<URL> resources(ClassLoader from, String name) {
    try {
      return Collections.list(from.getResources(name));
    } catch (IOException e) {
      logger.log(Level.DEBUG, "cannot look for " + name, e);
      return List.of();
    }
  }

  private static List<String> classNames(InputStream in) throws IOException {
    BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
    List<String> names = new ArrayList<>();
    for (String line = reader.readLine(); line != null; line = reader.readLine()) {
      int comment = line.indexOf('#');
      String name = (comment < 0 ? line : line.substring(0, comment)).strip();
      if (!name.isEmpty()) {
        names.add(name);
      }
    }
    return names;
  }

  private static BackendOrigin origin(ResolvedModule module, Optional<String> className) {
    return new BackendOrigin(
        className,
        Optional.of(module.name()),
        module.reference().location().map(uri -> Locations.normalise(uri.toString())),
        module.reference().descriptor().rawVersion());
  }
}
