package dev.weightcast.cli;

import dev.weightcast.api.Deadline;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Durations as people write them: {@code 90s}, {@code 5m}, {@code 1.5h}, {@code 250ms}. */
final class TimeSpan implements ITypeConverter<Duration> {

  private static final Pattern TEXT = Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*(ms|s|m|min|h|d)?");

  private static final Map<String, Long> NANOS =
      Map.of(
          "ms", 1_000_000L,
          "s", 1_000_000_000L,
          "m", 60_000_000_000L,
          "min", 60_000_000_000L,
          "h", 3_600_000_000_000L,
          "d", 86_400_000_000_000L);

  @Override
  public Duration convert(String text) {
    return parse(text);
  }

  /**
   * A time that may be zero and is at most {@link Deadline#MAX_TIMEOUT}; bare numbers are seconds.
   */
  static Duration parse(String text) {
    Matcher matcher = TEXT.matcher(text.strip().toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw new TypeConversionException(
          "'" + text + "' is not a duration; write a number with ms, s, m, h or d, such as 90s");
    }
    String unit = matcher.group(2) == null ? "s" : matcher.group(2);
    BigDecimal nanos =
        new BigDecimal(matcher.group(1)).multiply(BigDecimal.valueOf(NANOS.getOrDefault(unit, 0L)));
    if (nanos.compareTo(BigDecimal.valueOf(Deadline.MAX_TIMEOUT.toNanos())) > 0) {
      throw new TypeConversionException(
          "'" + text + "' is too long: at most " + Deadline.MAX_TIMEOUT.toDays() + "d");
    }
    return Duration.ofNanos(nanos.longValue());
  }

  /** Seconds with as many digits as matter: {@code 0.034 s}, {@code 12.3 s}, {@code 4 min 10 s}. */
  static String text(Duration time) {
    double seconds = time.toNanos() / 1e9;
    if (seconds < 10) {
      return String.format(Locale.ROOT, "%.3f s", seconds);
    }
    if (seconds < 120) {
      return String.format(Locale.ROOT, "%.1f s", seconds);
    }
    return Math.round(seconds) / 60 + " min " + Math.round(seconds) % 60 + " s";
  }
}
