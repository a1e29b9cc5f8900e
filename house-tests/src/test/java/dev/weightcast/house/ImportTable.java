package dev.weightcast.house;

import java.util.Map;
import java.util.Set;

/**
 * Which module may import which: the table of the design, and the one place where a new module is
 * let in. Names are module names; {@code java.base} goes without saying.
 */
final class ImportTable {

  private static final String API = "dev.weightcast.api";
  private static final String SPI = "dev.weightcast.spi";

  private static final Map<String, Set<String>> MAY_IMPORT =
      Map.of(
          API,
          Set.of(),
          SPI,
          Set.of(API),
          "dev.weightcast.core",
          Set.of(API, SPI),
          "dev.weightcast.rendezvous",
          Set.of(API),
          "dev.weightcast.backend.loopback",
          Set.of(API, SPI),
          "dev.weightcast.backend.nccl",
          Set.of(
              API, SPI, "dev.weightcast.rendezvous", "org.bytedeco.cuda", "org.bytedeco.javacpp"),
          "dev.weightcast.safetensors",
          Set.of(API, "com.fasterxml.jackson.core"));

  /** Programs are not published; what they stand on is decided all the same. */
  private static final Map<String, Set<String>> PROGRAMS_MAY_IMPORT =
      Map.of(
          "dev.weightcast.cli",
          Set.of(
              "dev.weightcast.core",
              "dev.weightcast.safetensors",
              "dev.weightcast.rendezvous",
              "info.picocli",
              "com.fasterxml.jackson.core",
              "java.logging"));

  private ImportTable() {}

  static Set<String> ofProgram(String module) {
    return PROGRAMS_MAY_IMPORT.getOrDefault(module, Set.of());
  }

  static Set<String> of(String module) {
    Set<String> allowed = MAY_IMPORT.get(module);
    if (allowed == null) {
      throw new AssertionError(
          module + " is published, but the import table of the house tests does not know it");
    }
    return allowed;
  }

  static Set<String> modules() {
    return MAY_IMPORT.keySet();
  }
}
