package dev.weightcast.core;

import dev.weightcast.core.BackendSetting.Source;
import org.jspecify.annotations.Nullable;

/** Where settings are read from when the builder has none; tests bring their own. */
interface SettingLookup {

  /** The settings of this process. */
  SettingLookup PROCESS =
      new SettingLookup() {
        @Override
        public @Nullable String property(String name) {
          return System.getProperty(name);
        }

        @Override
        public @Nullable String variable(String name) {
          return System.getenv(name);
        }
      };

  /** The value of a system property, or null if there is none. */
  @Nullable String property(String name);

  /** The value of an environment variable, or null if there is none. */
  @Nullable String variable(String name);

  /** The name to look for: the builder's, then the property's, the variable's, the default. */
  default BackendSetting backend(@Nullable String fromBuilder) {
    String builder = unlessBlank(fromBuilder);
    if (builder != null) {
      return new BackendSetting(builder, Source.BUILDER);
    }
    String property = unlessBlank(property(WeightTransfer.BACKEND_PROPERTY));
    if (property != null) {
      return new BackendSetting(property, Source.SYSTEM_PROPERTY);
    }
    String variable = unlessBlank(variable(WeightTransfer.BACKEND_VARIABLE));
    if (variable != null) {
      return new BackendSetting(variable, Source.ENVIRONMENT);
    }
    return new BackendSetting(WeightTransfer.AUTO, Source.DEFAULT);
  }

  // Deployment templates leave a setting blank where they mean to leave it out.
  private static @Nullable String unlessBlank(@Nullable String value) {
    return value == null || value.isBlank() ? null : value.strip();
  }
}
