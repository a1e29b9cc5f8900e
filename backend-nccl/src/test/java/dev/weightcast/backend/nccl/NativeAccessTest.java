package dev.weightcast.backend.nccl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a JVM that refuses native access says, and that the flag it is told is the right one. */
class NativeAccessTest {

  private static final String MAIN = NativeAccessMain.class.getName();
  private static final String MODULE = "dev.weightcast.backend.nccl";

  @BeforeEach
  void onlyWhereTheJvmCanRefuse() {
    assumeThat(Runtime.version().feature()).isGreaterThanOrEqualTo(24);
  }

  @Test
  void onTheClassPathTheFlagIsNamedWhenItIsMissing() throws Exception {
    assertThat(onClassPath("--illegal-native-access=deny"))
        .contains("IllegalCallerException", "--enable-native-access=ALL-UNNAMED")
        .contains("unnamed module")
        .doesNotContain("--enable-native-access=org.");
  }

  @Test
  void onTheClassPathTheFlagIsEnough() throws Exception {
    assertThat(onClassPath("--illegal-native-access=deny", "--enable-native-access=ALL-UNNAMED"))
        .doesNotContain("IllegalCallerException", "WARNING")
        .contains("asked in unnamed module");
  }

  @Test
  void onTheModulePathTheFlagIsNamedWhenItIsMissing() throws Exception {
    assertThat(onModulePath("--illegal-native-access=deny"))
        .contains(
            "IllegalCallerException",
            "--enable-native-access=org.bytedeco.javacpp,org.bytedeco.cuda")
        .contains("asked in module " + MODULE)
        .doesNotContain("ALL-UNNAMED");
  }

  @Test
  void onTheModulePathTheFlagIsEnough() throws Exception {
    assertThat(
            onModulePath(
                "--illegal-native-access=deny",
                "--enable-native-access=org.bytedeco.javacpp,org.bytedeco.cuda"))
        .doesNotContain("IllegalCallerException", "WARNING")
        .contains("asked in module " + MODULE);
  }

  private static String onClassPath(String... flags) throws Exception {
    return FreshJvm.onClassPath(MAIN, flags);
  }

  private static String onModulePath(String... flags) throws Exception {
    List<String> words = new ArrayList<>(List.of(flags));
    words.addAll(
        List.of(
            "--module-path",
            FreshJvm.modulePath(),
            "--add-modules",
            "org.bytedeco.javacpp.linux.x86_64,org.bytedeco.cuda.linux.x86_64",
            "--patch-module",
            MODULE + "=" + FreshJvm.testClasses(),
            "-m",
            MODULE + "/" + MAIN));
    return FreshJvm.run(words);
  }
}
