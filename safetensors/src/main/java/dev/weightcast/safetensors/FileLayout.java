package dev.weightcast.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.TensorSpec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Where everything goes in a file that is to be written: the length and the header as bytes, and
 * each tensor's place after them.
 *
 * @param preamble the first bytes of the file, up to the data; read-only, its position is nobody's
 * @param entries the tensors by name, in the order of their data
 * @param dataSize how many bytes follow the preamble
 */
record FileLayout(ByteBuffer preamble, Map<String, HeaderEntry> entries, long dataSize) {

  // UTF-8 for every character, as the reference writes it, instead of a pair of escapes for some.
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(JsonWriteFeature.COMBINE_UNICODE_SURROGATES_IN_UTF8).build();
  private static final int ALIGNMENT = 8;

  // As the reference implementation lays tensors out, so that the same tensors give the same file:
  // the widest types first, which keeps all of them aligned without padding; then by name, compared
  // as UTF-8 is, which Java's own order of strings is not.
  private static final Comparator<TensorSpec> ORDER =
      Comparator.comparing((TensorSpec spec) -> Dtypes.of(spec.dataType()))
          .reversed()
          .thenComparing(
              spec -> spec.name().getBytes(StandardCharsets.UTF_8), Arrays::compareUnsigned);

  /**
   * Lays out a file.
   *
   * @throws InvalidInfoException if no file can have these tensors or this metadata
   */
  static FileLayout of(Path file, List<TensorSpec> specs, Map<String, String> metadata) {
    Map<String, HeaderEntry> entries = new LinkedHashMap<>();
    long at = 0;
    for (TensorSpec spec : specs.stream().sorted(ORDER).toList()) {
      check(file, spec);
      long end = at + spec.byteSize();
      if (end < 0) {
        throw refuse(file, "with tensor " + spec + " its data would have 2^63 bytes or more");
      }
      if (entries.put(spec.name(), new HeaderEntry(spec, at, end)) != null) {
        throw refuse(file, "two tensors are called " + Quoted.name(spec.name()));
      }
      at = end;
    }
    if (entries.size() > Limits.TENSORS) {
      throw refuse(
          file,
          "it would have " + entries.size() + " tensors, at most " + Limits.TENSORS + " are read");
    }
    metadata.forEach((key, value) -> checkMetadata(file, key, value));
    return new FileLayout(
        preamble(file, entries, metadata), Collections.unmodifiableMap(entries), at);
  }

  long dataStart() {
    return preamble.capacity();
  }

  long fileSize() {
    return dataStart() + dataSize;
  }

  private static void check(Path file, TensorSpec spec) {
    checkName(file, "tensor", spec.name());
    if (spec.name().equals(HeaderParser.METADATA)) {
      throw refuse(
          file, "a tensor cannot be called '" + spec.name() + "', the format keeps it for itself");
    }
    int dimensions = spec.shape().dimensions().length;
    if (dimensions > Limits.DIMENSIONS) {
      throw refuse(
          file,
          "tensor "
              + Quoted.name(spec.name())
              + " has "
              + dimensions
              + " dimensions, at most "
              + Limits.DIMENSIONS
              + " are read");
    }
  }

  private static void checkMetadata(Path file, String key, String value) {
    checkName(file, "metadata key", key);
    if (!isUnicode(value)) {
      throw refuse(file, "the metadata of " + Quoted.name(key) + " is no valid Unicode");
    }
  }

  private static void checkName(Path file, String what, String name) {
    if (name.length() > Limits.NAME_CHARACTERS || !isUnicode(name)) {
      throw refuse(
          file,
          what
              + " "
              + Quoted.name(name)
              + " must be valid Unicode of at most "
              + Limits.NAME_CHARACTERS
              + " characters");
    }
  }

  private static boolean isUnicode(String text) {
    return StandardCharsets.UTF_8.newEncoder().canEncode(text);
  }

  private static ByteBuffer preamble(
      Path file, Map<String, HeaderEntry> entries, Map<String, String> metadata) {
    byte[] json = json(file, entries.values(), metadata);
    int padded = (json.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (padded > Limits.HEADER_BYTES) {
      throw refuse(
          file,
          "its header would have "
              + padded
              + " bytes, the format allows "
              + Limits.HEADER_BYTES
              + "; split it into shards");
    }
    ByteBuffer preamble =
        ByteBuffer.allocate(Long.BYTES + padded).order(ByteOrder.LITTLE_ENDIAN).putLong(padded);
    preamble.put(json);
    Arrays.fill(preamble.array(), preamble.position(), preamble.capacity(), (byte) ' ');
    return preamble.clear().asReadOnlyBuffer();
  }

  private static byte[] json(
      Path file, Iterable<HeaderEntry> entries, Map<String, String> metadata) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeObjectFieldStart(HeaderParser.METADATA);
        for (Map.Entry<String, String> entry : new TreeMap<>(metadata).entrySet()) {
          json.writeStringField(entry.getKey(), entry.getValue());
        }
        json.writeEndObject();
      }
      for (HeaderEntry entry : entries) {
        writeEntry(json, entry);
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new InvalidInfoException("cannot write the header of '" + file + "': " + e, e);
    }
    return bytes.toByteArray();
  }

  private static void writeEntry(JsonGenerator json, HeaderEntry entry) throws IOException {
    json.writeObjectFieldStart(entry.name());
    json.writeStringField("dtype", Dtypes.of(entry.spec().dataType()).name());
    json.writeArrayFieldStart("shape");
    for (long dimension : entry.spec().shape().dimensions()) {
      json.writeNumber(dimension);
    }
    json.writeEndArray();
    json.writeArrayFieldStart("data_offsets");
    json.writeNumber(entry.begin());
    json.writeNumber(entry.end());
    json.writeEndArray();
    json.writeEndObject();
  }

  private static InvalidInfoException refuse(Path file, String problem) {
    return new InvalidInfoException("cannot write '" + file + "': " + problem);
  }
}
