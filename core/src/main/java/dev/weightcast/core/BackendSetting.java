package dev.weightcast.core;

import java.util.Objects;

/**
 * The name of the backend that was asked for, and who asked.
 *
 * @param name a backend's name, or {@code auto}
 * @param source where the name was set
 */
public record BackendSetting(String name, Source source) {

  /** Where a name can be set, the strongest first. */
  public enum Source {
    /** {@link WeightTransfer.Builder#backend}. */
    BUILDER("set by the builder"),
    /** The system property {@value WeightTransfer#BACKEND_PROPERTY}. */
    SYSTEM_PROPERTY("set by the system property " + WeightTransfer.BACKEND_PROPERTY),
    /** The environment variable {@value WeightTransfer#BACKEND_VARIABLE}. */
    ENVIRONMENT("set by the environment variable " + WeightTransfer.BACKEND_VARIABLE),
    /** Nobody set a name. */
    DEFAULT("the default");

    private final String text;

    Source(String text) {
      this.text = text;
    }

    /** The words used in every message, such as {@code set by the builder}. */
    @Override
    public String toString() {
      return text;
    }
  }

  /** Checks that nothing is missing. */
  public BackendSetting {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(source, "source");
  }

  /**
   * Whether the best backend that can run is to be taken.
   *
   * @return true if the name is {@code auto}
   */
  public boolean isAuto() {
    return name.equals(WeightTransfer.AUTO);
  }

  /** The words used in every message, such as {@code 'nccl', set by the builder}. */
  @Override
  public String toString() {
    return "'" + name + "', " + source;
  }
}
