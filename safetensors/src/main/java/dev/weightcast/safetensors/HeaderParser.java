package dev.weightcast.safetensors;

import com.fasterxml.jackson.core.JsonToken;
import dev.weightcast.api.DataType;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.Shape;
import dev.weightcast.api.TensorSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads a header's JSON; whether its offsets fit the file is {@link DataArea}'s to say. */
final class HeaderParser {

  static final String METADATA = "__metadata__";

  private static final String DTYPE = "dtype";
  private static final String SHAPE = "shape";
  private static final String OFFSETS = "data_offsets";

  private final JsonReader json;
  private final List<HeaderEntry> entries = new ArrayList<>();
  private Map<String, String> metadata = Map.of();

  private HeaderParser(Path file, byte[] header) {
    json = new JsonReader(file, "header", header);
  }

  /**
   * Parses a header.
   *
   * @param header the bytes after the length, padding included
   * @throws InvalidCheckpointException if they are not a header
   */
  static Header parse(Path file, byte[] header) {
    HeaderParser parser = new HeaderParser(file, header);
    parser.fields();
    return new Header(parser.metadata, parser.entries);
  }

  private void fields() {
    Set<String> names = new HashSet<>();
    String name;
    while ((name = json.nextField("the header", names)) != null) {
      if (name.equals(METADATA)) {
        metadata = metadata();
      } else {
        json.at(name);
        entries.add(entry(name));
        json.at(null);
      }
      if (entries.size() > Limits.TENSORS) {
        throw json.fail(
            "the header has more than "
                + Limits.TENSORS
                + " tensors, the most that one file may have here; split it into shards");
      }
    }
    json.end();
  }

  private Map<String, String> metadata() {
    // The reference takes null for absent, so files with it exist.
    if (json.isNull()) {
      return Map.of();
    }
    json.beginObject(METADATA);
    Map<String, String> result = new LinkedHashMap<>();
    Set<String> keys = new HashSet<>();
    String key;
    while ((key = json.nextField(METADATA, keys)) != null) {
      result.put(key, json.string(METADATA + "[" + Quoted.name(key) + "]"));
    }
    return Collections.unmodifiableMap(result);
  }

  private HeaderEntry entry(String name) {
    json.beginObject("its entry in the header");
    @Nullable DataType dataType = null;
    long @Nullable [] dimensions = null;
    long @Nullable [] offsets = null;
    Set<String> fields = new HashSet<>();
    String field;
    while ((field = json.nextField("its entry in the header", fields)) != null) {
      switch (field) {
        case DTYPE -> dataType = dataType();
        case SHAPE -> dimensions = numbers(SHAPE, Limits.DIMENSIONS);
        case OFFSETS -> offsets = numbers(OFFSETS, 2);
        // As the reference does, so that a later version may add fields.
        default -> json.skipValue();
      }
    }
    if (dataType == null || dimensions == null || offsets == null) {
      throw json.fail(
          "its entry in the header needs "
              + String.join(", ", DTYPE, SHAPE, OFFSETS)
              + "; found only "
              + fields.stream().map(Quoted::plain).sorted().limit(8).toList());
    }
    return entry(name, dataType, dimensions, offsets);
  }

  private HeaderEntry entry(String name, DataType dataType, long[] dimensions, long[] offsets) {
    if (offsets.length != 2 || offsets[0] > offsets[1]) {
      throw json.fail(
          OFFSETS
              + " must be a begin and an end that is not before it, found "
              + Arrays.toString(offsets));
    }
    TensorSpec spec;
    try {
      spec = new TensorSpec(name, dataType, Shape.of(dimensions));
    } catch (InvalidInfoException e) {
      throw json.fail("cannot be: " + Quoted.plain(String.valueOf(e.getMessage())), e);
    }
    HeaderEntry entry = new HeaderEntry(spec, offsets[0], offsets[1]);
    if (entry.end() - entry.begin() != spec.byteSize()) {
      throw json.fail(
          entry.offsets()
              + " are "
              + (entry.end() - entry.begin())
              + " bytes, but "
              + dataType
              + " "
              + spec.shape()
              + " needs "
              + spec.byteSize());
    }
    return entry;
  }

  private DataType dataType() {
    String name = json.string(DTYPE);
    return Dtypes.find(name)
        .orElseThrow(
            () ->
                json.fail(
                    "unknown dtype "
                        + Quoted.name(name)
                        + "; known are "
                        + Dtypes.known()
                        + "; convert the checkpoint to one of them"));
  }

  private long[] numbers(String what, int atMost) {
    json.beginArray(what);
    long[] numbers = new long[atMost];
    int count = 0;
    while (json.next() != JsonToken.END_ARRAY) {
      if (count == atMost) {
        throw json.fail(what + " has more than " + atMost + " numbers");
      }
      numbers[count] = json.wholeNumber(what + "[" + count + "]");
      count++;
    }
    return Arrays.copyOf(numbers, count);
  }
}
