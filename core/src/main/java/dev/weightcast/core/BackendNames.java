package dev.weightcast.core;

import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** The rule for names, and the names that this project has given away itself. */
final class BackendNames {

  private static final Pattern RULE = Pattern.compile("[a-z][a-z0-9-]*(\\.[a-z][a-z0-9-]*)*");
  private static final String OWN_PACKAGE = "dev.weightcast.";
  private static final Map<String, String> OWN_ARTIFACTS =
      Map.of(
          "nccl", "dev.weightcast:weightcast-backend-nccl",
          "loopback", "dev.weightcast:weightcast-backend-loopback-test");

  private BackendNames() {}

  /** The artifact that has a backend of this project. */
  static Optional<String> artifact(String name) {
    return Optional.ofNullable(OWN_ARTIFACTS.get(name));
  }

  /** Why a provider may not have its name, in a sentence for its author; empty if it may. */
  static Optional<String> objection(String name, Class<?> provider) {
    if (name.equals(WeightTransfer.AUTO)) {
      return Optional.of(
          "'auto' cannot be a backend's name: it asks for the best backend that can run");
    }
    if (!RULE.matcher(name).matches()) {
      return Optional.of(
          "'"
              + name
              + "' is not a name: names are words of [a-z][a-z0-9-]* joined by dots, such as"
              + " 'example.rdma'");
    }
    if (name.indexOf('.') < 0 && !provider.getName().startsWith(OWN_PACKAGE)) {
      return Optional.of(
          "names without a dot are reserved for Weightcast's own backends, and "
              + provider.getName()
              + " is not one of them; its author should put a word of their own in front, as in"
              + " 'example."
              + name
              + "'");
    }
    return Optional.empty();
  }
}
