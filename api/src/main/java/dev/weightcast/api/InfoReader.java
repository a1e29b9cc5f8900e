package dev.weightcast.api;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Reads one info out of a map as a JSON parser leaves it; every complaint names the info. */
final class InfoReader {

  private final String what;
  private final Map<String, ?> map;

  InfoReader(String what, Map<String, ?> map, Set<String> known) {
    this.what = what;
    this.map = map;
    Set<String> unknown = new TreeSet<>(map.keySet());
    unknown.removeAll(known);
    if (!unknown.isEmpty()) {
      throw invalid(
          "unknown key '"
              + String.join("', '", unknown)
              + "'; known keys are "
              + String.join(", ", new TreeSet<>(known)));
    }
  }

  boolean has(String key) {
    return map.get(key) != null;
  }

  @Nullable String optionalText(String key) {
    Object value = map.get(key);
    if (value == null || value instanceof String) {
      return (String) value;
    }
    throw wrongType(key, "a string", value);
  }

  boolean flag(String key, boolean otherwise) {
    Object value = map.get(key);
    if (value == null) {
      return otherwise;
    }
    if (value instanceof Boolean flag) {
      return flag;
    }
    throw wrongType(key, "true or false", value);
  }

  long integer(String key, long otherwise) {
    Object value = map.get(key);
    return value == null ? otherwise : integer(key, value);
  }

  long integer(String key, Object value) {
    if (value instanceof Number number
        && !(value instanceof Double)
        && !(value instanceof Float)
        && number.toString().matches("-?[0-9]{1,18}")) {
      return number.longValue();
    }
    throw wrongType(key, "an integer", value);
  }

  int requiredInt(String key) {
    if (!has(key)) {
      throw invalid("missing key '" + key + "'");
    }
    return intValue(key, 0);
  }

  int intValue(String key, int otherwise) {
    long value = integer(key, otherwise);
    if (value != (int) value) {
      throw wrongType(key, "an integer of 32 bits", value);
    }
    return (int) value;
  }

  List<?> requiredList(String key) {
    Object value = map.get(key);
    if (value == null) {
      throw invalid("missing key '" + key + "'");
    }
    return list(key, value);
  }

  List<?> list(String key, @Nullable Object value) {
    if (value instanceof List<?> list) {
      return list;
    }
    throw wrongType(key, "a list", value);
  }

  InvalidInfoException wrongType(String key, String expected, @Nullable Object found) {
    return invalid(
        "'"
            + key
            + "' must be "
            + expected
            + ", found "
            + (found == null ? "null" : found.getClass().getSimpleName() + " " + found));
  }

  InvalidInfoException invalid(String detail) {
    return new InvalidInfoException("Invalid " + what + ": " + detail);
  }

  InvalidInfoException invalid(InvalidInfoException cause) {
    return new InvalidInfoException("Invalid " + what + ": " + cause.getMessage(), cause);
  }
}
