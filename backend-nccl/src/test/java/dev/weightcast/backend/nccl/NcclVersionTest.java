package dev.weightcast.backend.nccl;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class NcclVersionTest {

  @Test
  void aVersionIsReadAsNcclWritesIt() {
    assertThat(new NcclVersion(22809)).hasToString("2.28.9");
    assertThat(new NcclVersion(23007)).hasToString("2.30.7");
    assertThat(new NcclVersion(22809).toBytes()).asString().isEqualTo("22809");
  }

  @Test
  void oldOnesAndAnotherMajorVersionAreNotUsable() {
    assertThat(new NcclVersion(22400).isUsable()).isTrue();
    assertThat(new NcclVersion(22399).isUsable()).isFalse();
    assertThat(new NcclVersion(30000).isUsable()).isFalse();
    assertThat(new NcclVersion(2708).isUsable()).isFalse();
  }
}
