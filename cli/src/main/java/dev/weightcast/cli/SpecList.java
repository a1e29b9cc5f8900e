package dev.weightcast.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import dev.weightcast.api.DataType;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.Shape;
import dev.weightcast.api.TensorSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A list of tensors as a file: JSON, {@code [["name", "bfloat16", [4096, 4096]], …]}. */
final class SpecList {

  private static final String FORM = "a list of [name, dtype, [dimensions…]]";

  private final Path file;
  private final JsonParser json;
  private final List<TensorSpec> specs = new ArrayList<>();

  private SpecList(Path file, JsonParser json) {
    this.file = file;
    this.json = json;
  }

  static List<TensorSpec> read(Path file) {
    try (JsonParser json = new JsonFactory().createParser(Files.newBufferedReader(file))) {
      return new SpecList(file, json).read();
    } catch (NoSuchFileException e) {
      throw new UsageException("--specs: there is no file '" + file + "'", e);
    } catch (JsonProcessingException e) {
      String at = e.getLocation() == null ? "" : " in line " + e.getLocation().getLineNr();
      throw new UsageException(
          "--specs: '" + file + "' is not valid JSON" + at + ": " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new UsageException("--specs: '" + file + "' cannot be read: " + e.getMessage(), e);
    }
  }

  private List<TensorSpec> read() throws IOException {
    Set<String> names = new HashSet<>();
    expect(json.nextToken() == JsonToken.START_ARRAY, "the file must be " + FORM);
    while (json.nextToken() != JsonToken.END_ARRAY) {
      TensorSpec spec = spec();
      expect(names.add(spec.name()), "the name '" + spec.name() + "' is there twice");
      specs.add(spec);
    }
    expect(json.nextToken() == null, "something follows the list");
    if (specs.isEmpty()) {
      throw new UsageException("--specs: '" + file + "' lists no tensors");
    }
    return List.copyOf(specs);
  }

  private TensorSpec spec() throws IOException {
    expect(json.currentToken() == JsonToken.START_ARRAY, "it must be [name, dtype, [dimensions…]]");
    expect(json.nextToken() == JsonToken.VALUE_STRING, "its name must be a string");
    String name = json.getText();
    expect(json.nextToken() == JsonToken.VALUE_STRING, "its dtype must be a string");
    String dtype = json.getText();
    expect(json.nextToken() == JsonToken.START_ARRAY, "its shape must be a list");
    List<Long> dimensions = new ArrayList<>();
    while (json.nextToken() != JsonToken.END_ARRAY) {
      expect(json.currentToken() == JsonToken.VALUE_NUMBER_INT, "dimensions must be whole numbers");
      dimensions.add(json.getLongValue());
    }
    expect(json.nextToken() == JsonToken.END_ARRAY, "nothing may follow its shape");
    try {
      return new TensorSpec(
          name,
          DataType.fromTorchName(dtype),
          Shape.of(dimensions.stream().mapToLong(Long::longValue).toArray()));
    } catch (InvalidInfoException e) {
      throw wrong(String.valueOf(e.getMessage()));
    }
  }

  private void expect(boolean condition, String otherwise) {
    if (!condition) {
      throw wrong(otherwise);
    }
  }

  private UsageException wrong(String what) {
    int line = json.currentTokenLocation().getLineNr();
    return new UsageException(
        "--specs: '" + file + "', tensor " + (specs.size() + 1) + ", line " + line + ": " + what);
  }
}
