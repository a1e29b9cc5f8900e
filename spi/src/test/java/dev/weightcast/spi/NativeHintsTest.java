package dev.weightcast.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

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
