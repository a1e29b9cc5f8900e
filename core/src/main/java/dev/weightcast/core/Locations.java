package dev.weightcast.core;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.Optional;

/** Jars and folders by one spelling, so that the same one is recognised and can be read aloud. */
final class Locations {

  private Locations() {}

  /** The jar or folder that a class was loaded from. */
  static Optional<String> of(Class<?> type) {
    return Optional.ofNullable(type.getProtectionDomain().getCodeSource())
        .map(CodeSource::getLocation)
        .map(url -> normalise(url.toString()));
  }

  /** The jar or folder that has this resource. */
  static String ofResource(String url, String resource) {
    String root = url.endsWith(resource) ? url.substring(0, url.length() - resource.length()) : url;
    return normalise(root);
  }

  /** The path of a URL where it has one; otherwise the URL as it is. */
  static String normalise(String url) {
    String file = url;
    if (file.startsWith("jar:file:") && file.endsWith("!/")) {
      file = file.substring("jar:".length(), file.length() - "!/".length());
    }
    if (!file.startsWith("file:")) {
      return url;
    }
    try {
      return real(Path.of(new URI(file))).toString();
    } catch (URISyntaxException | IllegalArgumentException | FileSystemNotFoundException e) {
      return url; // a URL that is no URI is still worth showing
    }
  }

  private static Path real(Path path) {
    try {
      return path.toRealPath();
    } catch (IOException e) {
      return path.toAbsolutePath().normalize(); // gone since it was loaded
    }
  }
}
