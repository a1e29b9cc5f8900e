package dev.weightcast.backend.nccl;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class NcclDetailsTest {

  private final FakeCuda cuda = new FakeCuda();

  @Test
  void versionsAndDevicesAreTold() {
    assertThat(NcclDetails.of(cuda, new NcclVersion(22803)))
        .containsEntry("driver is good for CUDA", "13.0")
        .containsEntry("CUDA runtime", "13.0")
        .containsEntry("NCCL", "2.28.3")
        .containsKeys("cuda:0", "cuda:1")
        .doesNotContainKey("cuda:2")
        .hasEntrySatisfying("cuda:0", text -> assertThat(text).startsWith("Fake GPU, "));
  }

  @Test
  void nothingIsToldOfWhatIsNotThere() {
    assertThat(NcclDetails.of(null, null).keySet()).isSubsetOf("driver");
  }

  @Test
  void theDriversOwnWordsHaveItsVersion() {
    assertThat(
            NcclDetails.driverVersion(
                "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06  Sun Jul 27 2025\n"
                    + "GCC version: gcc version 12.3.0"))
        .contains("580.65.06");
    assertThat(
            NcclDetails.driverVersion(
                "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  575.57.08  Release"))
        .contains("575.57.08");
    assertThat(NcclDetails.driverVersion("nothing of the kind")).isEmpty();
  }
}
