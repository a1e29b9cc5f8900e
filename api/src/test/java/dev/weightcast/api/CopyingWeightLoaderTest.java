package dev.weightcast.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class CopyingWeightLoaderTest {

  @Test
  void whatNeverCameIsNamed() {
    CopyingWeightLoader loader =
        CopyingWeightLoader.into(
            Stream.of("e", "a", "c", "b", "d").map(CopyingWeightLoaderTest::tensor).toList());
    assertThatThrownBy(loader::requireComplete)
        .isInstanceOf(TensorMismatchException.class)
        .hasMessage("5 of 5 destinations were not in the update: 'a', 'b', 'c', …");
    assertThat(loader.missing()).containsExactly("a", "b", "c", "d", "e");
    CopyingWeightLoader.into(List.of()).requireComplete();
  }

  /** Takes all the memory that the JVM may have, and a while. */
  @Test
  @Tag("on-demand")
  void hostMemoryThatIsNotThereIsToldWithItsSizeAndWhatToDo() {
    assertThatThrownBy(() -> HostMemory.allocate(1L << 50))
        .isInstanceOf(OutOfDeviceMemoryException.class)
        .hasMessageStartingWith("no 1125899906842624 bytes of host memory outside the Java heap: ")
        .hasMessageEndingWith("; raise -XX:MaxDirectMemorySize");
  }

  private static Tensor tensor(String name) {
    return Tensor.of(new TensorSpec(name, DataType.UINT8, Shape.of(1)), HostMemory.allocate(1));
  }
}
