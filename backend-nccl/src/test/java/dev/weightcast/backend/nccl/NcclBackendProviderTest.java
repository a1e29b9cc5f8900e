package dev.weightcast.backend.nccl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.weightcast.api.BackendUnavailableException;
import dev.weightcast.api.ParallelConfig;
import dev.weightcast.api.WeightTransferConfig;
import dev.weightcast.spi.Availability;
import dev.weightcast.spi.BackendContext;
import dev.weightcast.spi.BackendProvider;
import dev.weightcast.spi.SpiVersion;
import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NcclBackendProviderTest {

  private final NcclBackendProvider provider = new NcclBackendProvider();

  @Test
  void itIsCalledNcclAndSaysWhichContractItWasBuiltFor() {
    assertThat(provider.name()).isEqualTo("nccl");
    assertThat(provider.priority()).isEqualTo(100);
    assertThat(provider.spiVersion()).isEqualTo(SpiVersion.CURRENT);
  }

  @Test
  void bothRegistrationsNameTheSameClass() throws IOException {
    String entry = "META-INF/services/" + BackendProvider.class.getName();
    try (InputStream services = NcclBackendProvider.class.getModule().getResourceAsStream(entry)) {
      assertThat(new String(services.readAllBytes(), StandardCharsets.UTF_8).strip())
          .isEqualTo(NcclBackendProvider.class.getName());
    }
    Module module = NcclBackendProvider.class.getModule();
    assumeThat(module.isNamed()).isTrue();
    Optional<ModuleDescriptor.Provides> provided =
        module.getDescriptor().provides().stream()
            .filter(p -> p.service().equals(BackendProvider.class.getName()))
            .findFirst();
    assertThat(provided)
        .hasValueSatisfying(
            p -> assertThat(p.providers()).containsExactly(NcclBackendProvider.class.getName()));
  }

  @Test
  void withoutADriverItSaysSoAndMakesNoEngine() {
    Availability availability = provider.availability();
    assumeThat(availability.isAvailable()).as("a machine with a GPU").isFalse();
    assertThat(provider.availability()).as("asked again").isEqualTo(availability);
    assertThat(availability.reasons()).allSatisfy(reason -> assertThat(reason.text()).isNotBlank());
    assertThat(availability.reasons().get(0).text()).startsWith("loading CUDA's runtime");
    BackendContext context =
        new BackendContext(WeightTransferConfig.defaults(), ParallelConfig.SINGLE);
    assertThatThrownBy(() -> provider.worker(context))
        .isInstanceOf(BackendUnavailableException.class)
        .hasMessageContaining(availability.reasons().get(0).text());
    assertThatThrownBy(() -> provider.trainer(context))
        .isInstanceOf(BackendUnavailableException.class);
  }

  /** Classes that could not be initialised throw something else the second time. */
  @Test
  void aSecondProviderGivesTheSameReasons() {
    assertThat(new NcclBackendProvider().availability()).isEqualTo(provider.availability());
    assertThat(new NcclBackendProvider().availability()).isEqualTo(provider.availability());
  }
}
