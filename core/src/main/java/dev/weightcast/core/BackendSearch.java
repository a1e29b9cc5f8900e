package dev.weightcast.core;

import dev.weightcast.spi.BackendProvider;
import java.lang.System.Logger;
import java.util.List;
import java.util.ServiceLoader;

/** Where backends are looked for. */
interface BackendSearch {

  /** Looks, and keeps everything it comes upon. */
  BackendRegistry run(Logger logger);

  /** What a class loader sees: the class path and the modules behind it. */
  static BackendSearch in(ClassLoader loader, String whose) {
    String where =
        loader.getName() == null
            ? "a class loader of " + loader.getClass().getName()
            : "the class loader '" + loader.getName() + "'";
    return logger ->
        new BackendRegistry(
            new ServiceWalk(
                    ServiceLoader.load(BackendProvider.class, loader),
                    Registrations.of(loader, logger))
                .backends(),
            where + ", " + whose);
  }

  /** The modules of a layer and of the layers above it. */
  static BackendSearch in(ModuleLayer layer) {
    int size = layer.modules().size();
    String where = "a module layer of " + size + (size == 1 ? " module" : " modules");
    return logger ->
        new BackendRegistry(
            new ServiceWalk(
                    ServiceLoader.load(layer, BackendProvider.class),
                    Registrations.of(layer, logger))
                .backends(),
            where + ", given to the builder");
  }

  /** Providers that somebody else made. */
  static BackendSearch in(List<BackendProvider> providers) {
    List<BackendProvider> copy = List.copyOf(providers);
    return logger ->
        new BackendRegistry(
            copy.stream().map(p -> Backend.of(p, BackendOrigin.of(p.getClass()))).toList(),
            "a list of providers, given to the builder");
  }

  /**
   * The thread's context class loader, which in a container is the one that sees the application;
   * or, where that one does not see this class (a pool's thread, a layer of modules), our own.
   */
  static BackendSearch byDefault() {
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    ClassLoader own = ownLoader();
    if (context != null && !isAbove(context, own) && seesUs(context)) {
      return in(context, "the thread's context class loader");
    }
    return in(own, "Weightcast's own");
  }

  private static ClassLoader ownLoader() {
    ClassLoader loader = WeightTransfer.class.getClassLoader();
    return loader == null ? ClassLoader.getSystemClassLoader() : loader;
  }

  // Ours sees all that one above it does, and more.
  private static boolean isAbove(ClassLoader loader, ClassLoader own) {
    for (ClassLoader l = own.getParent(); l != null; l = l.getParent()) {
      if (l.equals(loader)) {
        return true;
      }
    }
    return false;
  }

  private static boolean seesUs(ClassLoader loader) {
    try {
      return loader.loadClass(WeightTransfer.class.getName()) == WeightTransfer.class;
    } catch (ClassNotFoundException | LinkageError e) {
      return false; // which is the answer
    }
  }
}
