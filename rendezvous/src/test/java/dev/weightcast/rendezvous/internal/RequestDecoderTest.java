package dev.weightcast.rendezvous.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequestDecoderTest {

  private static final byte[] HELLO =
      Frames.of(Operation.VALIDATE).u32(Operation.MAGIC).bytes().array();

  private final MemoryBudget all = new MemoryBudget("all", 100_000_000);
  private final RequestDecoder decoder = new RequestDecoder(new Account(100_000_000, all));

  @ParameterizedTest
  @ValueSource(strings = {"libuv", "legacy"})
  void captured_requests_are_the_same_in_any_segmentation(String backend) throws Exception {
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    Capture.of(backend).forEach(exchange -> stream.writeBytes(exchange.from(true)));
    List<String> whole = decode(stream.toByteArray(), Segmentation.WHOLE, new Random(0));
    assertThat(whole).hasSizeGreaterThan(30);
    assertThat(decode(stream.toByteArray(), Segmentation.BYTE_BY_BYTE, new Random(0)))
        .isEqualTo(whole);
    for (int seed = 0; seed < 300; seed++) {
      assertThat(decode(stream.toByteArray(), Segmentation.RANDOM, new Random(seed)))
          .as("seed %d", seed)
          .isEqualTo(whole);
    }
  }

  @Test
  void memory_grows_with_the_bytes_that_came_and_not_with_what_was_announced() throws Exception {
    decoder.next(ByteBuffer.wrap(HELLO));
    byte[] set = Frames.of(Operation.SET).key("/k").value(new byte[8 << 20]).bytes().array();
    assertThat(decoder.next(ByteBuffer.wrap(set, 0, 100))).isNull();
    assertThat(all.used()).isLessThan(1000);
    assertThat(decoder.next(ByteBuffer.wrap(set, 100, 100_000))).isNull();
    assertThat(all.used()).isLessThan(300_000);
    assertThat(decoder.inProgress()).isTrue();
  }

  @Test
  void a_request_larger_than_its_account_is_refused_before_it_is_held() throws Exception {
    RequestDecoder small = new RequestDecoder(new Account(10_000, all));
    small.next(ByteBuffer.wrap(HELLO));
    byte[] set = Frames.of(Operation.SET).key("/k").value(new byte[20_000]).bytes().array();
    assertThatThrownBy(() -> small.next(ByteBuffer.wrap(set)))
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining("would pass 10000 bytes");
    assertThat(all.used()).isLessThan(10_000);
  }

  @Test
  void only_validate_may_come_first_and_only_once() {
    assertThatThrownBy(() -> decoder.next(ByteBuffer.wrap(new byte[] {7})))
        .hasMessageContaining("GETNUMKEYS came before VALIDATE");
    ByteBuffer twice = ByteBuffer.allocate(10).put(HELLO).put(HELLO).flip();
    assertThatThrownBy(
            () -> {
              decoder.next(twice);
              decoder.next(twice);
            })
        .hasMessageContaining("second time");
  }

  @Test
  void a_wrong_magic_number_is_refused() {
    byte[] wrong = HELLO.clone();
    wrong[4] ^= 1;
    assertThatThrownBy(() -> decoder.next(ByteBuffer.wrap(wrong)))
        .hasMessageContaining("0x3C85F7CE")
        .hasMessageContaining("0x3D85F7CE");
  }

  @ParameterizedTest
  @ValueSource(ints = {14, 15, 18, 200, 255})
  void unknown_operations_are_refused(int code) throws Exception {
    decoder.next(ByteBuffer.wrap(HELLO));
    assertThatThrownBy(() -> decoder.next(ByteBuffer.wrap(new byte[] {(byte) code})))
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining("operation " + code);
  }

  @Test
  void lengths_past_the_limits_are_refused_when_they_are_announced() throws Exception {
    refused(announcing(Operation.GET, 8193), "8193 bytes in one key, at most 8192");
    refused(announcing(Operation.GET, -1), "18446744073709551615 bytes in one key");
    refused(announcing(Operation.WAIT, 131_073), "131073 keys in one request, at most 131072");
    refused(
        Frames.of(Operation.SET).key("/k").i64((8 << 20) + 1L).bytes().array(),
        "8388609 bytes in one value, at most 8388608");
  }

  @Test
  void the_largest_key_that_is_allowed_is_taken() throws Exception {
    decoder.next(ByteBuffer.wrap(HELLO));
    String key = "k".repeat(Limits.MAX_KEY_BYTES);
    Request request = decoder.next(Frames.of(Operation.GET).key(key).bytes());
    assertThat(request.key()).isEqualTo(key);
  }

  private static byte[] announcing(Operation operation, long length) {
    return Frames.of(operation).i64(length).bytes().array();
  }

  private void refused(byte[] request, String message) throws Exception {
    RequestDecoder fresh = new RequestDecoder(new Account(1_000_000, all));
    fresh.next(ByteBuffer.wrap(HELLO));
    assertThatThrownBy(() -> fresh.next(ByteBuffer.wrap(request)))
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining(message);
  }

  private List<String> decode(byte[] stream, Segmentation cut, Random random) throws Exception {
    Account account = new Account(1_000_000, all);
    RequestDecoder fresh = new RequestDecoder(account);
    List<String> requests = new ArrayList<>();
    int at = 0;
    while (at < stream.length) {
      int step = cut.next(stream.length - at, random);
      ByteBuffer piece = ByteBuffer.wrap(stream, at, step);
      for (Request r = fresh.next(piece); r != null; r = fresh.next(piece)) {
        requests.add(
            r.operation()
                + " "
                + r.keys()
                + " "
                + r.values().stream().map(Arrays::toString).toList()
                + " "
                + r.number());
        account.release(fresh.handOver());
      }
      at += step;
    }
    assertThat(fresh.inProgress()).isFalse();
    return requests;
  }
}
