package dev.weightcast.core;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A front door on backends, settings and origins of a test's own. */
final class Setup implements SettingLookup {

  private final Map<String, String> properties = new HashMap<>();
  private final Map<String, String> variables = new HashMap<>();
  private final List<Backend> backends = new ArrayList<>();
  final RecordingLogger logger = new RecordingLogger();

  /** A provider as if its class and jar were these; the module is named like the package. */
  Setup with(FakeProvider provider, String className, String jar) {
    backends.add(Backend.of(provider, origin(className, jar)));
    return this;
  }

  Setup with(Backend backend) {
    backends.add(backend);
    return this;
  }

  static BackendOrigin origin(String className, String jar) {
    return new BackendOrigin(
        Optional.of(className),
        Optional.of(className.substring(0, className.lastIndexOf('.'))),
        Optional.of(jar),
        Optional.of("1.0"));
  }

  Setup withProperty(String value) {
    properties.put("weightcast.backend", value);
    return this;
  }

  Setup withVariable(String value) {
    variables.put("WEIGHTCAST_BACKEND", value);
    return this;
  }

  WeightTransfer.Builder builder() {
    return WeightTransfer.builder()
        .lookup(this)
        .logger(logger)
        .search(ignored -> new BackendRegistry(backends, "where the test says"));
  }

  WeightTransfer asking(String name) {
    return builder().backend(name).build();
  }

  @Override
  public String property(String name) {
    return properties.get(name);
  }

  @Override
  public String variable(String name) {
    return variables.get(name);
  }
}
