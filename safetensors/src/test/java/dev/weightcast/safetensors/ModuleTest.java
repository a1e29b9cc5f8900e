package dev.weightcast.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.lang.module.ModuleDescriptor;
import org.junit.jupiter.api.Test;

class ModuleTest {

  @Test
  void theModuleNeedsWhatItSaysAndNothingElse() {
    Module module = SafetensorsSource.class.getModule();
    assumeThat(module.isNamed()).as("the tests run on the module path").isTrue();
    ModuleDescriptor descriptor = module.getDescriptor();
    assertThat(descriptor.requires())
        .extracting(ModuleDescriptor.Requires::name)
        .containsExactlyInAnyOrder(
            "java.base", "dev.weightcast.api", "com.fasterxml.jackson.core", "org.jspecify");
    assertThat(descriptor.exports())
        .extracting(ModuleDescriptor.Exports::source)
        .containsExactly("dev.weightcast.safetensors");
  }
}
