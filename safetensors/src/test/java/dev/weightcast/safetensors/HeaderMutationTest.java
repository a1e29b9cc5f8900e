package dev.weightcast.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.weightcast.api.DataType;
import dev.weightcast.api.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever happens to a file: its tensors lie within it, or it is refused by name. */
class HeaderMutationTest {

  private static final int ROUNDS = 5_000;
  private static final Pattern NUMBER = Pattern.compile("\\d+");
  private static final Pattern STRING = Pattern.compile("\"[^\"]*\"");
  private static final List<String> NUMBERS =
      List.of(
          "-1",
          "-0",
          "0",
          "1",
          "2",
          "7",
          "8",
          "1.0",
          "1e3",
          "00",
          "2147483648",
          "4294967296",
          "9223372036854775807",
          "9223372036854775808",
          "18446744073709551615",
          "1e400",
          "null",
          "\"1\"",
          "[]",
          "9".repeat(2000));
  private static final List<String> STRINGS =
      List.of(
          "\"\"",
          "\"a\"",
          "\"b\"",
          "\"dtype\"",
          "\"shape\"",
          "\"data_offsets\"",
          "\"U8\"",
          "\"F64\"",
          "\"BF16\"",
          "\"__metadata__\"",
          "\"\\ud800\"",
          "\"\\u0000\"",
          "null",
          "{}");

  @TempDir Path directory;

  @Test
  void aMutatedFileIsReadWithinItsBoundsOrRefused() throws IOException {
    long seed = Seeds.next(HeaderMutationTest.class);
    Random random = new Random(seed);
    byte[] good = good(random);
    int read = 0;
    for (int round = 0; round < ROUNDS; round++) {
      byte[] mutated = good;
      for (int i = random.nextInt(2); i >= 0; i--) {
        mutated = mutate(random, mutated);
      }
      Path file = Files.write(directory.resolve("mutated.safetensors"), mutated);
      if (isRead(file, mutated, "seed " + seed + ", round " + round)) {
        read++;
      }
    }
    // Both ends are reached, or the mutations are no good.
    assertThat(read).isBetween(ROUNDS / 100, ROUNDS / 2);
  }

  private static boolean isRead(Path file, byte[] content, String when) {
    SafetensorsSource source;
    try {
      source = SafetensorsSource.open(file);
    } catch (InvalidCheckpointException e) {
      assertThat(e.getMessage())
          .as(when)
          .startsWith("'" + file + "'")
          .hasSizeLessThan(2000)
          .doesNotContainPattern("\\p{Cntrl}");
      return false;
    } catch (RuntimeException | Error e) {
      return fail(when, e);
    }
    long sum = 0;
    for (Tensor tensor : source.specs().stream().map(spec -> source.tensor(spec.name())).toList()) {
      assertThat(tensor.byteOffset() + tensor.byteSize()).isLessThanOrEqualTo(content.length);
      sum += Tensors.bytes(tensor).length;
    }
    long header = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).getLong();
    assertThat(8 + header + sum).as(when).isEqualTo(content.length);
    return true;
  }

  private byte[] good(Random random) throws IOException {
    Path file = directory.resolve("good.safetensors");
    SafetensorsWriter.writeFile(
        file,
        List.of(
            Tensors.random(random, "a", DataType.FLOAT32, 2, 3),
            Tensors.random(random, "b", DataType.BFLOAT16, 5),
            Tensors.random(random, "c", DataType.UINT8, 7),
            Tensors.random(random, "d", DataType.FLOAT64),
            Tensors.random(random, "e", DataType.INT8, 0, 4)),
        Map.of("format", "pt", "x", "y"));
    return Files.readAllBytes(file);
  }

  private static byte[] mutate(Random random, byte[] file) {
    return switch (random.nextInt(8)) {
      case 0 -> flipBit(random, file, 0, 8);
      case 1 -> flipBit(random, file, 8, file.length);
      case 2 -> Arrays.copyOf(file, random.nextInt(file.length + 1));
      case 3 -> Arrays.copyOf(file, file.length + 1 + random.nextInt(40));
      case 4 -> inHeader(file, header -> replaceOne(random, header, NUMBER, NUMBERS));
      case 5 -> inHeader(file, header -> replaceOne(random, header, STRING, STRINGS));
      case 6 -> inHeader(file, header -> cutOrRepeat(random, header));
      default -> inHeader(file, header -> nudge(random, header));
    };
  }

  private static byte[] flipBit(Random random, byte[] file, int from, int to) {
    byte[] result = file.clone();
    int end = Math.min(to, file.length);
    if (from < end) {
      result[from + random.nextInt(end - from)] ^= (byte) (1 << random.nextInt(8));
    }
    return result;
  }

  /** Changes the header's text and makes its length right again. */
  private static byte[] inHeader(byte[] file, UnaryOperator<String> change) {
    if (file.length < 8) {
      return file;
    }
    long length = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
    if (length < 0 || length > file.length - 8) {
      return file;
    }
    String header = new String(file, 8, (int) length, StandardCharsets.UTF_8);
    byte[] changed = change.apply(header).getBytes(StandardCharsets.UTF_8);
    int dataSize = file.length - 8 - (int) length;
    byte[] result = RawFile.bytes(changed.length, changed, dataSize);
    System.arraycopy(file, 8 + (int) length, result, 8 + changed.length, dataSize);
    return result;
  }

  private static String replaceOne(
      Random random, String header, Pattern pattern, List<String> others) {
    List<MatchResult> found = pattern.matcher(header).results().toList();
    if (found.isEmpty()) {
      return header;
    }
    MatchResult one = found.get(random.nextInt(found.size()));
    String other = others.get(random.nextInt(others.size()));
    return header.substring(0, one.start()) + other + header.substring(one.end());
  }

  private static String cutOrRepeat(Random random, String header) {
    if (header.isEmpty()) {
      return header;
    }
    int from = random.nextInt(header.length());
    int to = from + random.nextInt(Math.min(80, header.length() - from) + 1);
    return random.nextBoolean()
        ? header.substring(0, from) + header.substring(to)
        : header.substring(0, to) + header.substring(from);
  }

  /** Adds one to a number or takes one away: what a wrong writer would do. */
  private static String nudge(Random random, String header) {
    List<MatchResult> found = NUMBER.matcher(header).results().toList();
    if (found.isEmpty()) {
      return header;
    }
    MatchResult one = found.get(random.nextInt(found.size()));
    if (one.end() - one.start() > 18) {
      return header;
    }
    long number = Long.parseLong(one.group()) + (random.nextBoolean() ? 1 : -1);
    return header.substring(0, one.start()) + number + header.substring(one.end());
  }
}
