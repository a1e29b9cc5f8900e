package dev.weightcast.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.api.DataType;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.Shape;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class DigestsTest {

  private final Tensor abc = tensor("a", "abc");
  private final Tensor empty = tensor("b", "");

  @Test
  void aTensorsDigestIsTheSha256OfItsBytes() {
    Digests digests = Digests.of(List.of(abc, empty));

    assertThat(digests.byName().get("a").sha256())
        .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assertThat(digests.byName().get("b").sha256())
        .isEqualTo("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  }

  @Test
  void onlyTheTensorsOwnBytesCount() {
    HostMemory memory =
        HostMemory.wrap(ByteBuffer.wrap("xxabcyy".getBytes(StandardCharsets.UTF_8)));
    Tensor within = new Tensor(abc.spec(), memory, 2);

    assertThat(Digests.of(List.of(within))).isEqualTo(Digests.of(List.of(abc)));
  }

  @Test
  void orderHasNoSay() {
    Digests one = Digests.of(List.of(abc, empty));
    Digests other = Digests.of(List.of(empty, abc));

    assertThat(one.whole()).isEqualTo(other.whole()).hasSize(64);
    assertThat(one.firstDifference(other)).isEmpty();
  }

  @Test
  void theFirstDifferenceByNameIsDescribed() {
    Digests expected = Digests.of(List.of(empty, abc));
    Digests found = Digests.of(List.of(tensor("b", "?"), tensor("a", "abd")));

    assertThat(expected.whole()).isNotEqualTo(found.whole());
    assertThat(expected.firstDifference(found))
        .hasValue(
            "tensor 'a': expected uint8 [3] with SHA-256"
                + " ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad,"
                + " found uint8 [3] with SHA-256"
                + " a52d159f262b2c6ddb724a61840befc36eb30c88877a4030b65cbe86298449c9");
  }

  @Test
  void aTensorTooFewOrTooManyIsADifference() {
    Digests both = Digests.of(List.of(abc, empty));
    Digests one = Digests.of(List.of(abc));

    assertThat(both.firstDifference(one).orElseThrow())
        .startsWith("tensor 'b': expected uint8 [0]")
        .endsWith(", found none");
    assertThat(one.firstDifference(both).orElseThrow())
        .startsWith("tensor 'b': expected none, found uint8 [0]");
  }

  @Test
  void theSameBytesInAnotherShapeAreADifference() {
    TensorSpec column = new TensorSpec("a", DataType.UINT8, Shape.of(3, 1));

    assertThat(
            Digests.of(List.of(abc))
                .firstDifference(Digests.of(List.of(new Tensor(column, abc.memory(), 0)))))
        .isPresent();
  }

  private static Tensor tensor(String name, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return Tensor.of(
        new TensorSpec(name, DataType.UINT8, Shape.of(bytes.length)),
        HostMemory.wrap(ByteBuffer.wrap(bytes)));
  }
}
