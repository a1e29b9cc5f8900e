package dev.weightcast.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Where the name comes from: the builder, then the property, the variable, the default. */
class BackendSettingTest {

  private final Setup setup = new Setup();

  @Test
  void theBuilderIsStrongerThanAllElse() {
    setup.withProperty("from.property").withVariable("from.variable");

    assertThat(setup.asking("from.builder").setting())
        .hasToString("'from.builder', set by the builder");
  }

  @Test
  void theSystemPropertyIsStrongerThanTheEnvironment() {
    setup.withProperty("from.property").withVariable("from.variable");

    assertThat(setup.builder().build().setting())
        .hasToString("'from.property', set by the system property weightcast.backend");
  }

  @Test
  void theEnvironmentIsStrongerThanTheDefault() {
    setup.withVariable("from.variable");

    assertThat(setup.builder().build().setting())
        .hasToString("'from.variable', set by the environment variable WEIGHTCAST_BACKEND");
  }

  @Test
  void nobodySettingANameMeansAuto() {
    assertThat(setup.builder().build().setting()).hasToString("'auto', the default");
  }

  @Test
  void aBlankNameIsAsIfItHadNotBeenSet() {
    setup.withProperty("  ").withVariable(" from.variable\n");

    assertThat(setup.asking("").setting())
        .hasToString("'from.variable', set by the environment variable WEIGHTCAST_BACKEND");
  }

  @Test
  void theProcessItselfIsAskedWhenNobodyElseIs() {
    assertThat(SettingLookup.PROCESS.property("java.version"))
        .isEqualTo(System.getProperty("java.version"));
    assertThat(SettingLookup.PROCESS.variable("PATH")).isEqualTo(System.getenv("PATH"));
  }
}
