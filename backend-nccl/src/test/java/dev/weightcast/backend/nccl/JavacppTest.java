package dev.weightcast.backend.nccl;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;

/** What JavaCPP does by itself, with no GPU; its own native library loads anywhere. */
class JavacppTest {

  @Test
  void pinnedBytesAreAsManyAsAsked() {
    String loaded = Loader.load(org.bytedeco.javacpp.presets.javacpp.class);
    assertThat(loaded).isNotNull();
    Pointer memory = Pointer.malloc(1 << 12);
    try {
      ByteBuffer bytes = JavacppCudaLibrary.bytes(memory.address(), 1 << 10);
      assertThat(bytes.capacity()).isEqualTo(1 << 10);
      bytes.putInt(1020, 42);
      ByteBuffer again = JavacppCudaLibrary.bytes(memory.address() + 1020, 4);
      assertThat(again.getInt(0)).isEqualTo(42);
    } finally {
      Pointer.free(memory);
    }
  }

  @Test
  void anAddressOwnsNothing() {
    try (Address address = new Address(0x1000)) {
      assertThat(address.address()).isEqualTo(0x1000);
    }
    assertThat(new Address(0).isNull()).isTrue();
  }
}
