package dev.weightcast.rendezvous;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.UniqueId;
import dev.weightcast.rendezvous.internal.Capture;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PickleReaderTest {

  private static final long SEED = 20_261_123;
  private static final int MUTATIONS = 20_000;

  private final Map<Integer, byte[]> captured = new TreeMap<>();
  private final UniqueId expected;

  PickleReaderTest() {
    for (String line : Capture.lines("/unique-id-pickles.txt")) {
      String[] parts = line.split(" ", 2);
      captured.put(Integer.parseInt(parts[0]), HexFormat.of().parseHex(parts[1]));
    }
    byte[] id = new byte[UniqueId.BYTES];
    for (int i = 0; i < id.length; i++) {
      id[i] = (byte) i;
    }
    expected = UniqueId.of(id);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 5})
  void the_id_is_read_in_every_protocol(int protocol) {
    assertThat(UniqueIdPickle.read(captured.get(protocol))).isEqualTo(expected);
  }

  @Test
  void the_id_is_written_as_python_writes_it() {
    assertThat(UniqueIdPickle.write(expected)).isEqualTo(captured.get(4)).hasSize(247);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 5})
  void mutated_bytes_give_the_same_id_or_a_clean_error(int protocol) {
    System.out.println("seed " + SEED);
    Random random = new Random(SEED + protocol);
    byte[] valid = captured.get(protocol);
    int same = 0;
    int refused = 0;
    for (int i = 0; i < MUTATIONS; i++) {
      byte[] mutated = mutate(valid, random);
      try {
        UniqueId read = UniqueIdPickle.read(mutated);
        // A change inside the 128 bytes themselves is another id: nothing on this wire tells.
        assertThat(read.equals(expected) || holds(mutated, read, protocol))
            .as("round %d", i)
            .isTrue();
        same++;
      } catch (TransferException e) {
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(MUTATIONS / 10);
    assertThat(same + refused).isEqualTo(MUTATIONS);
  }

  private static byte[] mutate(byte[] valid, Random random) {
    byte[] bytes = valid.clone();
    int changes = 1 + random.nextInt(3);
    for (int i = 0; i < changes; i++) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(5)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt(256);
        case 2 -> bytes = Arrays.copyOf(bytes, at + 1);
        case 3 -> bytes = Arrays.copyOf(bytes, bytes.length + 1 + random.nextInt(20));
        default -> {
          int from = random.nextInt(bytes.length);
          int length = random.nextInt(Math.min(20, bytes.length - Math.max(from, at)) + 1);
          System.arraycopy(bytes, from, bytes, at, length);
        }
      }
    }
    return bytes;
  }

  /** Whether the id's bytes stand in the pickle as they are, or as protocol 2 writes them. */
  private static boolean holds(byte[] pickle, UniqueId id, int protocol) {
    byte[] raw = id.toByteArray();
    byte[] written =
        protocol == 2
            ? new String(raw, StandardCharsets.ISO_8859_1).getBytes(StandardCharsets.UTF_8)
            : raw;
    String whole = new String(pickle, StandardCharsets.ISO_8859_1);
    return whole.contains(new String(written, StandardCharsets.ISO_8859_1));
  }

  @Test
  void random_bytes_are_a_clean_error() {
    System.out.println("seed " + SEED);
    Random random = new Random(SEED);
    for (int i = 0; i < MUTATIONS; i++) {
      byte[] bytes = new byte[random.nextInt(300)];
      random.nextBytes(bytes);
      if (bytes.length > 2) {
        bytes[0] = (byte) 0x80;
        bytes[1] = (byte) (2 + random.nextInt(4));
      }
      try {
        SharedValue.fromPickle(bytes);
      } catch (TransferException e) {
        assertThat(e).hasMessageContaining("nothing of it was run");
      }
    }
  }

  @Test
  void values_survive_their_own_pickle() {
    Random random = new Random(SEED);
    for (int size : new int[] {0, 1, 2, 255, 256, 257, 65_525, 65_536, 70_000}) {
      byte[] bytes = new byte[size];
      random.nextBytes(bytes);
      assertThat(SharedValue.fromPickle(SharedValue.of(bytes).toPickle()))
          .isEqualTo(SharedValue.of(bytes));
      SharedValue text = SharedValue.of("ü".repeat(size));
      assertThat(SharedValue.fromPickle(text.toPickle())).isEqualTo(text);
    }
    assertThat(SharedValue.fromPickle(SharedValue.none().toPickle())).isEqualTo(SharedValue.none());
  }

  @Test
  void short_values_are_written_as_python_writes_them() {
    assertThat(hex(SharedValue.none())).isEqualTo("80044e2e");
    assertThat(hex(SharedValue.of("hello"))).isEqualTo("80049509000000000000008c0568656c6c6f942e");
    assertThat(hex(SharedValue.of(new byte[] {0, 1})))
        .isEqualTo("80049506000000000000004302000194" + "2e");
  }

  @Test
  void a_call_of_anything_else_is_refused_by_name() {
    // What an attacker would send first: os.system('x').
    refused("8004 8c026f73 8c0673797374656d 93 8c0178 85 52 2e", "it calls 'os.system'");
    refused("8002 636f730a73797374656d0a 5801000000 78 85 52 2e", "it calls 'os.system'");
    refused("8002 636a6176612e6c616e672e52756e74696d650a657865630a 29 52 2e", "java.lang.Runtime");
  }

  @Test
  void opcodes_that_can_do_harm_are_not_known() {
    for (String op : List.of("69", "6f", "62", "81", "92", "82", "51", "50", "28", "5d", "4b01")) {
      refused("8004 4e" + op + "2e", "opcode 0x" + op.substring(0, 2));
    }
  }

  @Test
  void size_depth_and_memo_are_capped() {
    refused("8004" + "4e".repeat(17) + "2e", "more than 16 values");
    refused("8004 4e" + "94".repeat(65) + "2e", "more than 64 values");
    refused("8004 8e ffffffffffffff7f 00 2e", "ends in the middle");
    refused("8004 42 ffffffff 00 2e", "ends in the middle");
    assertThatThrownBy(() -> SharedValue.fromPickle(new byte[(8 << 20) + 1]))
        .hasMessageContaining("at most 8388608");
  }

  @Test
  void a_long_name_makes_no_long_message() {
    String pickle = "8004 8c0161 58e8030000" + "0a".repeat(1000) + " 93 29 52 2e";
    byte[] bytes = HexFormat.of().parseHex(pickle.replace(" ", ""));
    assertThatThrownBy(() -> SharedValue.fromPickle(bytes))
        .isInstanceOf(TransferException.class)
        .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(700).doesNotContain("\n"));
  }

  @Test
  void leftovers_and_other_protocols_are_refused() {
    refused("8004 4e 4e 2e", "left over");
    refused("8004 4e 2e 00", "left over");
    refused("8001 4e 2e", "protocol 1");
    refused("8006 4e 2e", "protocol 6");
    refused("4e 2e", "protocol number");
    refused("8004 2e", "empty stack");
    refused("8004 7d 2e", "another kind");
    refused("8004 68 05 2e", "has not memoised");
  }

  @Test
  void an_id_must_have_128_bytes_and_vllms_name() {
    String good = HexFormat.of().formatHex(captured.get(3));
    refused(
        good.replace("6e63636c556e697175654964", "6e63636c556e697175654966"), "and not an nccl");
    refused(good.replace("77726170706572", "77726170706573"), "and not an ncclUniqueId");
    refused(good.replace("43800001", "437f01"), "127 bytes");
  }

  @Test
  void an_unpaired_surrogate_is_refused_when_writing() {
    assertThatThrownBy(() -> SharedValue.of("\ud800").toPickle())
        .isInstanceOf(InvalidInfoException.class)
        .hasMessageContaining("unpaired surrogate");
  }

  @Test
  void the_reader_has_no_means_to_load_a_class() throws Exception {
    for (Class<?> part :
        List.of(PickleReader.class, PickleCalls.class, PickleNode.class, SharedValue.class)) {
      String name = "/" + part.getName().replace('.', '/') + ".class";
      try (InputStream in = PickleReader.class.getResourceAsStream(name)) {
        String constants = new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
        assertThat(constants)
            .as(part.getName())
            .doesNotContain("forName", "loadClass", "ObjectInputStream", "java/lang/reflect");
      }
    }
  }

  private static String hex(SharedValue value) {
    return HexFormat.of().formatHex(value.toPickle());
  }

  private static void refused(String hex, String why) {
    byte[] pickle = HexFormat.of().parseHex(hex.replace(" ", ""));
    assertThatThrownBy(() -> SharedValue.fromPickle(pickle))
        .isInstanceOf(TransferException.class)
        .hasMessageContaining(why)
        .hasMessageContaining("nothing of it was run");
  }
}
