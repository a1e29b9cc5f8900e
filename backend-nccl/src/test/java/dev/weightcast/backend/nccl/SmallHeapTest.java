package dev.weightcast.backend.nccl;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** JavaCPP refuses allocations of its own where the process is far larger than the Java heap. */
class SmallHeapTest {

  @Test
  void callsDoNotDependOnHowLargeTheHeapIs() throws Exception {
    assertThat(
            FreshJvm.onClassPath(
                SmallHeapMain.class.getName(), "-Xmx32m", "-XX:MaxDirectMemorySize=300m"))
        .contains("over JavaCPP's limit", "a cell of 0", "all went well")
        .doesNotContain("OutOfMemoryError");
  }
}
