package dev.weightcast.cli;

import java.util.Optional;
import picocli.CommandLine.IVersionProvider;

/** What {@code --version} prints. */
final class VersionProvider implements IVersionProvider {

  VersionProvider() {}

  @Override
  public String[] getVersion() {
    return new String[] {
      "weightcast " + version(),
      "Java " + System.getProperty("java.version") + ", " + System.getProperty("java.vendor")
    };
  }

  static String version() {
    return Optional.ofNullable(Main.class.getPackage().getImplementationVersion())
        .orElse("(not from a jar)");
  }
}
