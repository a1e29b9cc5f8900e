package dev.weightcast.safetensors;

import static dev.weightcast.safetensors.RawFile.entry;
import static dev.weightcast.safetensors.RawFile.header;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every way in which a file can be wrong, and what is said about it. */
class BadFileTest {

  private static final String GOOD = entry("a", "F32", "[2]", "[0,8]");

  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void name() {
    file = directory.resolve("bad.safetensors");
  }

  // The length

  @Test
  void anEmptyFile() throws IOException {
    Files.write(file, new byte[0]);
    assertRefused(null, "the file has 0 bytes", "begins with 8", "cut short");
  }

  @Test
  void aFileThatEndsInItsLength() throws IOException {
    Files.write(file, new byte[7]);
    assertRefused(null, "the file has 7 bytes");
  }

  @Test
  void aHeaderLongerThanTheFile() throws IOException {
    Files.write(file, RawFile.bytes(1000, "{}".getBytes(StandardCharsets.UTF_8), 0));
    assertRefused(null, "says it has 1000 bytes, only 2 of the file's 10 follow", "cut short");
  }

  @Test
  void aHeaderLongerThanTheFormatAllows() throws IOException {
    Files.write(file, RawFile.bytes(100_000_001, new byte[2], 0));
    assertRefused(null, "says it has 100000001 bytes, the format allows 100000000");
  }

  @Test
  void aHeaderLengthBeyondASignedLong() throws IOException {
    Files.write(file, RawFile.bytes(-1, new byte[2], 0));
    assertRefused(null, "says it has 18446744073709551615 bytes");
  }

  @Test
  void noHeaderAtAll() throws IOException {
    RawFile.write(file, "", 0);
    assertRefused(null, "the header of 0 bytes must begin with '{'");
  }

  @Test
  void aHeaderThatBeginsWithSomethingElse() throws IOException {
    RawFile.write(file, " {}", 0);
    assertRefused(null, "the header of 3 bytes must begin with '{', found 0x20");
  }

  // The text

  @Test
  void aHeaderThatIsNotUtf8() throws IOException {
    byte[] overlong = {'{', '"', (byte) 0xc0, (byte) 0xaf, '"', ':', '1', '}'};
    Files.write(file, RawFile.bytes(overlong.length, overlong, 0));
    assertRefused(null, "the header is not valid UTF-8");
  }

  @Test
  void aHeaderThatIsNotJson() throws IOException {
    RawFile.write(file, "{\"a\":nope}", 0);
    assertRefused(null, "the header is not valid JSON near character", "nope");
  }

  @Test
  void aHeaderThatEndsInTheMiddle() throws IOException {
    RawFile.write(file, "{" + GOOD, 8);
    assertRefused(null, "the header is not valid JSON", "end-of-input");
  }

  @Test
  void aHeaderThatGoesOn() throws IOException {
    RawFile.write(file, header(GOOD) + "{}", 8);
    assertRefused(null, "goes on after its object ends, with '{'");
  }

  @Test
  void aHeaderThatIsNested() throws IOException {
    RawFile.write(file, "{\"a\":{\"x\":" + "[".repeat(100) + "]".repeat(100) + "}}", 0);
    assertRefused("a", "not valid JSON", "nesting depth (33) exceeds the maximum allowed (32");
  }

  @Test
  void aNameThatIsHalfASurrogatePair() throws IOException {
    RawFile.write(file, "{\"\\ud83d\":{}}", 0);
    assertRefused(null, "is no valid Unicode: '\\ud83d'");
  }

  @Test
  void aNameOfAHundredThousandCharacters() throws IOException {
    RawFile.write(file, header(entry("n".repeat(100_000), "U8", "[0]", "[0,0]")), 0);
    InvalidCheckpointException e = assertRefused(null, "not valid JSON", "maximum allowed (65536");
    assertThat(e.getMessage()).hasSizeLessThan(1000);
  }

  @Test
  void aMessageShowsNothingUnprintable() throws IOException {
    RawFile.write(file, header(entry("a\\u001b[31m\\n\\u202e", "X", "[]", "[0,0]")), 0);
    assertRefused("a\u001b[31m\n\u202e", "tensor 'a\\u001b[31m\\u000a\\u202e': unknown dtype 'X'");
  }

  // Names

  @Test
  void aTensorThatIsThereTwice() throws IOException {
    RawFile.write(file, header(GOOD, entry("a", "F32", "[2]", "[8,16]")), 16);
    assertRefused(null, "the header has the name 'a' twice");
  }

  @Test
  void aFieldThatIsThereTwice() throws IOException {
    RawFile.write(
        file, "{\"a\":{\"dtype\":\"U8\",\"dtype\":\"I8\",\"shape\":[],\"data_offsets\":[0,1]}}", 1);
    assertRefused("a", "its entry in the header has the name 'dtype' twice");
  }

  @Test
  void metadataThatIsThereTwice() throws IOException {
    RawFile.write(file, "{\"__metadata__\":{},\"__metadata__\":{}}", 0);
    assertRefused(null, "the header has the name '__metadata__' twice");
  }

  @Test
  void aKeyOfTheMetadataThatIsThereTwice() throws IOException {
    RawFile.write(file, "{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", 0);
    assertRefused(null, "__metadata__ has the name 'k' twice");
  }

  @Test
  void metadataThatIsNotText() throws IOException {
    RawFile.write(file, "{\"__metadata__\":{\"k\":1}}", 0);
    assertRefused(null, "__metadata__['k'] must be a string, found '1'");
  }

  @Test
  void metadataThatIsNoObject() throws IOException {
    RawFile.write(file, "{\"__metadata__\":[]}", 0);
    assertRefused(null, "__metadata__ must be an object, found '['");
  }

  @Test
  void aTensorWithoutAName() throws IOException {
    RawFile.write(file, header(entry("", "U8", "[1]", "[0,1]")), 1);
    assertRefused("", "a tensor has an empty name (dtype uint8, shape [1])");
  }

  // Fields

  @Test
  void anEntryThatIsNoObject() throws IOException {
    RawFile.write(file, "{\"a\":[1]}", 0);
    assertRefused("a", "its entry in the header must be an object, found '['");
  }

  @Test
  void anEntryWithoutItsOffsets() throws IOException {
    RawFile.write(file, "{\"a\":{\"dtype\":\"U8\",\"shape\":[]}}", 0);
    assertRefused("a", "needs dtype, shape, data_offsets; found only [dtype, shape]");
  }

  @Test
  void anUnknownDtype() throws IOException {
    RawFile.write(file, header(entry("a", "F8_E8M0", "[1]", "[0,1]")), 1);
    assertRefused("a", "unknown dtype 'F8_E8M0'; known are BOOL, U8,", "convert the checkpoint");
  }

  @Test
  void aDtypeThatIsNoText() throws IOException {
    RawFile.write(file, "{\"a\":{\"dtype\":7}}", 0);
    assertRefused("a", "dtype must be a string, found '7'");
  }

  @Test
  void aNegativeDimension() throws IOException {
    RawFile.write(file, header(entry("a", "U8", "[2,-1]", "[0,0]")), 0);
    assertRefused("a", "shape[1] must be a whole number from 0 to 2^63 - 1, found '-1'");
  }

  @Test
  void aDimensionWithAFraction() throws IOException {
    RawFile.write(file, header(entry("a", "U8", "[1.0]", "[0,1]")), 1);
    assertRefused("a", "shape[0] must be a whole number", "found '1.0'");
  }

  @Test
  void aDimensionBeyondALong() throws IOException {
    RawFile.write(file, header(entry("a", "U8", "[9223372036854775808]", "[0,0]")), 0);
    assertRefused("a", "shape[0] must be", "found '9223372036854775808'");
  }

  @Test
  void aShapeWhoseElementsOverflow() throws IOException {
    RawFile.write(file, header(entry("a", "U8", "[4294967296,4294967296]", "[0,0]")), 0);
    assertRefused("a", "[4294967296, 4294967296] has more than 2^63 - 1 elements");
  }

  @Test
  void aShapeWhoseBytesOverflow() throws IOException {
    RawFile.write(file, header(entry("a", "F64", "[2305843009213693952]", "[0,0]")), 0);
    assertRefused("a", "[2305843009213693952] has more than 2^63 - 1 bytes");
  }

  @Test
  void aShapeWithTooManyDimensions() throws IOException {
    String ones = IntStream.range(0, 65).mapToObj(i -> "1").collect(Collectors.joining(","));
    RawFile.write(file, header(entry("a", "U8", "[" + ones + "]", "[0,1]")), 1);
    assertRefused("a", "shape has more than 64 numbers");
  }

  @Test
  void aShapeThatIsNoArray() throws IOException {
    RawFile.write(file, header(entry("a", "U8", "8", "[0,8]")), 8);
    assertRefused("a", "shape must be an array, found '8'");
  }

  @Test
  void offsetsThatAreNotTwo() throws IOException {
    RawFile.write(file, header(entry("a", "U8", "[1]", "[0]")), 1);
    assertRefused("a", "data_offsets must be a begin and an end", "found [0]");
    RawFile.write(file, header(entry("a", "U8", "[1]", "[0,1,2]")), 1);
    assertRefused("a", "data_offsets has more than 2 numbers");
  }

  @Test
  void offsetsThatGoBackwards() throws IOException {
    RawFile.write(file, header(entry("a", "U8", "[1]", "[8,7]")), 8);
    assertRefused("a", "an end that is not before it, found [8, 7]");
  }

  @Test
  void aSizeThatDoesNotMatchTheShape() throws IOException {
    RawFile.write(file, header(entry("a", "F32", "[2,2]", "[0,8]")), 8);
    assertRefused("a", "data_offsets [0, 8] are 8 bytes, but float32 [2, 2] needs 16");
  }

  // Offsets and the file

  @Test
  void dataThatIsCutShort() throws IOException {
    RawFile.write(file, header(GOOD, entry("b", "U8", "[8]", "[8,16]")), 15);
    assertRefused(
        "b",
        "data_offsets [8, 16] reach beyond the 15 bytes of data that the file has",
        "bytes long, the data starts at",
        "copy it again");
  }

  @Test
  void offsetsFarBeyondTheFile() throws IOException {
    RawFile.write(
        file,
        header(GOOD, entry("b", "U8", "[1]", "[9223372036854775806,9223372036854775807]")),
        8);
    assertRefused("b", "[9223372036854775806, 9223372036854775807] reach beyond the 8 bytes");
  }

  @Test
  void dataThatNobodyHas() throws IOException {
    RawFile.write(file, header(GOOD), 11);
    assertRefused(null, "has 11 bytes of data, its tensors end at 8; 3 bytes belong to no tensor");
  }

  @Test
  void dataWithoutAnyTensor() throws IOException {
    RawFile.write(file, "{}", 1);
    assertRefused(null, "has 1 bytes of data, its tensors end at 0");
  }

  @Test
  void tensorsThatOverlap() throws IOException {
    RawFile.write(file, header(GOOD, entry("b", "U8", "[8]", "[7,15]")), 15);
    assertRefused("b", "[7, 15] overlap the data of tensor 'a', which ends at 8");
  }

  @Test
  void tensorsThatShareTheirBytes() throws IOException {
    RawFile.write(file, header(GOOD, entry("b", "F32", "[2]", "[0,8]")), 8);
    assertRefused("b", "[0, 8] overlap the data of tensor 'a', which ends at 8");
  }

  @Test
  void anEmptyTensorInsideAnother() throws IOException {
    RawFile.write(file, header(GOOD, entry("b", "U8", "[0]", "[4,4]")), 8);
    assertRefused("b", "[4, 4] overlap the data of tensor 'a', which ends at 8");
  }

  @Test
  void aGapBetweenTensors() throws IOException {
    RawFile.write(file, header(GOOD, entry("b", "U8", "[2]", "[10,12]")), 12);
    assertRefused("b", "[10, 12] leave a gap of 2 bytes after the data of tensor 'a' at 8");
  }

  @Test
  void aGapAtTheStart() throws IOException {
    RawFile.write(file, header(entry("a", "U8", "[2]", "[4,6]")), 6);
    assertRefused("a", "[4, 6] leave a gap of 4 bytes after the start of the data at 0");
  }

  private InvalidCheckpointException assertRefused(String tensor, String... parts) {
    InvalidCheckpointException e =
        catchThrowableOfType(InvalidCheckpointException.class, () -> SafetensorsSource.open(file));
    assertThat(e).isNotNull();
    assertThat(e).hasMessageStartingWith("'" + file + "'").hasMessageContainingAll(parts);
    assertThat(e.file()).isEqualTo(file.toString());
    assertThat(e.tensor()).isEqualTo(Optional.ofNullable(tensor));
    return e;
  }
}
