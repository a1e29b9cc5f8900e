package dev.weightcast.core;

import java.util.Objects;
import java.util.Optional;

/**
 * Where a backend's provider comes from, as far as it is known: of one that could not be loaded
 * that may be little.
 *
 * @param className its class
 * @param moduleName its named module, or empty if it is on the class path
 * @param location its jar or folder as a path, or as a URL where it is not a file
 * @param version the version of its module or jar
 */
public record BackendOrigin(
    Optional<String> className,
    Optional<String> moduleName,
    Optional<String> location,
    Optional<String> version) {

  /** Nothing is known. */
  static final BackendOrigin UNKNOWN =
      new BackendOrigin(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

  /** Checks that nothing is missing. */
  public BackendOrigin {
    Objects.requireNonNull(className, "className");
    Objects.requireNonNull(moduleName, "moduleName");
    Objects.requireNonNull(location, "location");
    Objects.requireNonNull(version, "version");
  }

  static BackendOrigin of(Class<?> type) {
    Module module = type.getModule();
    Optional<String> version =
        module.isNamed()
            ? module.getDescriptor().rawVersion()
            : Optional.ofNullable(type.getPackage()).map(Package::getImplementationVersion);
    return new BackendOrigin(
        Optional.of(type.getName()),
        Optional.ofNullable(module.getName()),
        Locations.of(type),
        version);
  }

  /** The same class, elsewhere; which version is there is not known. */
  BackendOrigin at(String otherLocation) {
    return new BackendOrigin(className, moduleName, Optional.of(otherLocation), Optional.empty());
  }

  /**
   * The words used in every message, such as {@code class example.Rdma, module example.rdma,
   * version 1.2, from /lib/rdma.jar}.
   */
  @Override
  public String toString() {
    StringBuilder text =
        new StringBuilder(className.map(n -> "class " + n).orElse("unknown class"));
    if (className.isPresent() || moduleName.isPresent()) {
      text.append(moduleName.map(m -> ", module " + m).orElse(", unnamed module"));
    }
    version.ifPresent(v -> text.append(", version ").append(v));
    return text.append(", from ").append(location.orElse("an unknown place")).toString();
  }
}
