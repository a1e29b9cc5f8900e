package dev.weightcast.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

/** Sizes, durations and addresses, as people write them. */
class WordsTest {

  @ParameterizedTest
  @CsvSource({
    "1, 1",
    "4096, 4096",
    "512MiB, 536870912",
    "512mib, 536870912",
    "1 GiB, 1073741824",
    "1.5KiB, 1536",
    "2GB, 2000000000",
    "10kB, 10000",
    "7B, 7",
    "1TiB, 1099511627776"
  })
  void sizesAreRead(String text, long bytes) {
    assertThat(ByteSize.parse(text)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "MiB", "12 apples", "-1", "1e9", "0x10", "1,5GB", "12M", "1.GB"})
  void whatIsNoSizeIsRefused(String text) {
    assertThatThrownBy(() -> ByteSize.parse(text))
        .isInstanceOf(TypeConversionException.class)
        .hasMessage(
            "'"
                + text
                + "' is not a size; write bytes, or a number with KiB, MiB, GiB, KB, MB or GB");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "0.1", "0GiB", "9000000TiB", "99999999999999999999"})
  void aSizeOutOfRangeIsRefused(String text) {
    assertThatThrownBy(() -> ByteSize.parse(text))
        .isInstanceOf(TypeConversionException.class)
        .hasMessage("'" + text + "' is out of range: a size is at least 1 byte and less than 2^63");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0 B",
    "999, 999 B",
    "1000, 1.0 kB",
    "999949, 999.9 kB",
    "999950, 1.0 MB",
    "16060000000, 16.1 GB",
    "5000000000000, 5.0 TB",
    "9000000000000000, 9000.0 TB"
  })
  void sizesAreShown(long bytes, String text) {
    assertThat(ByteSize.text(bytes)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"1, 1 B", "1024, 1 KiB", "1536, 1536 B", "1048576, 1 MiB", "4294967296, 4 GiB"})
  void powersOfTwoAreShown(long bytes, String text) {
    assertThat(ByteSize.binary(bytes)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({
    "90s, PT90S",
    "5m, PT5M",
    "5min, PT5M",
    "1.5h, PT1H30M",
    "250ms, PT0.25S",
    "30, PT30S",
    "0, PT0S",
    "7d, PT168H",
    "2 M, PT2M"
  })
  void durationsAreRead(String text, Duration time) {
    assertThat(TimeSpan.parse(text)).isEqualTo(time);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "s", "-1s", "soon", "1h30m", "5 minutes", "1e3s"})
  void whatIsNoDurationIsRefused(String text) {
    assertThatThrownBy(() -> TimeSpan.parse(text))
        .isInstanceOf(TypeConversionException.class)
        .hasMessage(
            "'" + text + "' is not a duration; write a number with ms, s, m, h or d, such as 90s");
  }

  @Test
  void moreThanSevenDaysIsRefused() {
    assertThatThrownBy(() -> TimeSpan.parse("8d"))
        .isInstanceOf(TypeConversionException.class)
        .hasMessage("'8d' is too long: at most 7d");
  }

  @ParameterizedTest
  @CsvSource({"PT0.0345S, 0.035 s", "PT12.34S, 12.3 s", "PT4M10.4S, 4 min 10 s"})
  void durationsAreShown(Duration time, String text) {
    assertThat(TimeSpan.text(time)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.1:29500, 10.0.0.1, 29500",
    "trainer:1, trainer, 1",
    "[::1]:29500, ::1, 29500",
    "localhost:0, localhost, 0"
  })
  void addressesAreRead(String text, String host, int port) {
    assertThat(HostPort.parse(text)).isEqualTo(new HostPort(host, port)).hasToString(text);
  }

  @ParameterizedTest
  @CsvSource({
    "29500, 'write it HOST:PORT, an IPv6 address in brackets, such as [::1]:29500'",
    ":29500, 'write it HOST:PORT, an IPv6 address in brackets, such as [::1]:29500'",
    "::1:29500, 'write it HOST:PORT, an IPv6 address in brackets, such as [::1]:29500'",
    "[]:29500, 'write it HOST:PORT, an IPv6 address in brackets, such as [::1]:29500'",
    "host:, 'what follows the last '':'' must be a port, such as 29500'",
    "host:http, 'what follows the last '':'' must be a port, such as 29500'",
    "host:65536, ports are 1 to 65535",
    "host:-1, ports are 1 to 65535"
  })
  void whatIsNoAddressIsRefused(String text, String why) {
    assertThatThrownBy(() -> HostPort.parse(text))
        .isInstanceOf(TypeConversionException.class)
        .hasMessage("'" + text + "' is not an address: " + why);
  }
}
