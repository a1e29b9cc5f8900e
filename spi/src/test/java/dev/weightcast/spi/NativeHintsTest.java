package dev.weightcast.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NativeHintsTest {

  @Test
  void theDeepestCauseSpeaks() {
    UnsatisfiedLinkError deepest = new UnsatisfiedLinkError("libnccl.so.2: cannot open");
    Throwable outer = new NoClassDefFoundError("nccl").initCause(new Error("loading", deepest));
    Availability.Reason reason = Availability.Reason.of("loading NCCL", outer);
    assertThat(reason.text())
        .isEqualTo("loading NCCL: UnsatisfiedLinkError: libnccl.so.2: cannot open");
    assertThat(reason.hint()).startsWith("install NCCL 2");
  }

  @Test
  void aRingOfCausesEnds() {
    Exception a = new Exception("a");
    Exception b = new Exception("b", a);
    a.initCause(b);
    assertThat(NativeHints.deepestText(a)).isEqualTo("Exception: b");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          Illegal native access from unnamed module @1b2c3d4             | ALL-UNNAMED
          Illegal native access from an unnamed module (file:/lib/x.jar) | ALL-UNNAMED
          Illegal native access from module org.bytedeco.javacpp         | org.bytedeco.javacpp,org.bytedeco.cuda
          Illegal native access from: module org.bytedeco.cuda           | org.bytedeco.javacpp,org.bytedeco.cuda
          Illegal native access from module com.acme.wire                | com.acme.wire
          """)
  void whoeverIsDeniedNativeAccessIsToldTheOneFlagForItsMode(String text, String modules) {
    for (boolean modulePath : List.of(true, false)) {
      assertThat(NativeHints.forText("IllegalCallerException: " + text, modulePath))
          .contains("allow native access: --enable-native-access=" + modules);
    }
  }

  @Test
  void whereTheJvmDoesNotSayWhoWasDeniedTheModeOfThisSdkDecides() {
    assertThat(NativeHints.forText("IllegalCallerException", true).orElseThrow())
        .endsWith("--enable-native-access=org.bytedeco.javacpp,org.bytedeco.cuda");
    assertThat(NativeHints.forText("IllegalCallerException", false).orElseThrow())
        .endsWith("--enable-native-access=ALL-UNNAMED");
    boolean modulePath = NativeHintsTest.class.getModule().isNamed();
    assertThat(NativeHints.forText("IllegalCallerException"))
        .isEqualTo(NativeHints.forText("IllegalCallerException", modulePath));
  }

  @Test
  void anUnknownTextHasNoHint() {
    assertThat(Availability.Reason.of("the moon is full").hint()).isEmpty();
  }

  @Test
  void whoIsUnavailableSaysWhy() {
    assertThatThrownBy(() -> Availability.unavailable(List.of()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(Availability.available().isAvailable()).isTrue();
  }
}
