package dev.weightcast.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A strict walk over one JSON object out of a file: whatever is wrong with it becomes an {@link
 * InvalidCheckpointException} that names the file and, where one is being read, the tensor.
 */
final class JsonReader {

  // Without a table of known names: it is no help where every name is new, and it can be flooded.
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxDocumentLength(Limits.HEADER_BYTES)
                  .maxNestingDepth(Limits.NESTING)
                  .maxNameLength(Limits.NAME_CHARACTERS)
                  .maxStringLength(Limits.HEADER_BYTES)
                  .build())
          .build();

  private final Path file;
  private final String document;
  private final JsonParser parser;
  private @Nullable String tensor;

  /**
   * Opens the object.
   *
   * @param document what the bytes are, for messages: «header» or «index»
   */
  JsonReader(Path file, String document, byte[] bytes) {
    this.file = file;
    this.document = document;
    try {
      // A decoder of our own: Jackson's lets some malformed UTF-8 through.
      this.parser =
          FACTORY.createParser(
              new InputStreamReader(
                  new ByteArrayInputStream(bytes),
                  StandardCharsets.UTF_8
                      .newDecoder()
                      .onMalformedInput(CodingErrorAction.REPORT)
                      .onUnmappableCharacter(CodingErrorAction.REPORT)));
    } catch (IOException e) {
      throw malformed(e);
    }
    next();
    beginObject("the " + document);
  }

  /** The tensor whose part of the document comes next, for messages; null for none. */
  void at(@Nullable String name) {
    tensor = name;
  }

  JsonToken next() {
    try {
      JsonToken token = parser.nextToken();
      if (token == null) {
        throw fail("the " + document + " ends in the middle");
      }
      return token;
    } catch (IOException e) {
      throw malformed(e);
    }
  }

  void beginObject(String what) {
    expect(JsonToken.START_OBJECT, what, "an object");
  }

  void beginArray(String what) {
    expect(JsonToken.START_ARRAY, what, "an array");
  }

  /**
   * The name of the object's next field, whose value becomes the current token.
   *
   * @param seen the names so far; the new one is added
   * @return the name, or null at the object's end
   */
  @Nullable String nextField(String object, Set<String> seen) {
    if (next() == JsonToken.END_OBJECT) {
      return null;
    }
    String name = wellFormed("a name in " + object, text());
    if (!seen.add(name)) {
      throw fail(
          object
              + " has the name "
              + Quoted.name(name)
              + " twice; which one holds is anyone's guess");
    }
    next();
    return name;
  }

  boolean isNull() {
    return parser.currentToken() == JsonToken.VALUE_NULL;
  }

  String string(String what) {
    expect(JsonToken.VALUE_STRING, what, "a string");
    return wellFormed(what, text());
  }

  /** A whole number that fits a long and is not negative, written without fraction or exponent. */
  long wholeNumber(String what) {
    try {
      if (parser.currentToken() == JsonToken.VALUE_NUMBER_INT
          && !text().startsWith("-")
          && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER) {
        return parser.getLongValue();
      }
    } catch (IOException e) {
      throw malformed(e);
    }
    throw unexpected(what, "a whole number from 0 to 2^63 - 1");
  }

  void skipValue() {
    try {
      parser.skipChildren();
    } catch (IOException e) {
      throw malformed(e);
    }
  }

  /** Checks that nothing but white space follows the object. */
  void end() {
    try {
      if (parser.nextToken() != null) {
        throw fail(
            "the "
                + document
                + " goes on after its object ends, with "
                + Quoted.name(text())
                + "; only padding may follow");
      }
    } catch (IOException e) {
      throw malformed(e);
    }
  }

  InvalidCheckpointException fail(String problem) {
    return InvalidCheckpointException.of(file, tensor, problem);
  }

  InvalidCheckpointException fail(String problem, Throwable cause) {
    return InvalidCheckpointException.of(file, tensor, problem, cause);
  }

  private void expect(JsonToken token, String what, String expected) {
    if (parser.currentToken() != token) {
      throw unexpected(what, expected);
    }
  }

  private InvalidCheckpointException unexpected(String what, String expected) {
    return fail(what + " must be " + expected + ", found " + Quoted.name(text()));
  }

  private String text() {
    try {
      return parser.getText();
    } catch (IOException e) {
      throw malformed(e);
    }
  }

  /** An escape can bring half a surrogate pair past the decoder; such a name cannot be written. */
  private String wellFormed(String what, String text) {
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
      throw fail(what + " is no valid Unicode: " + Quoted.name(text));
    }
    return text;
  }

  private InvalidCheckpointException malformed(IOException e) {
    if (e instanceof CharacterCodingException) {
      return fail("the " + document + " is not valid UTF-8; is this a safetensors checkpoint?", e);
    }
    if (e instanceof JsonProcessingException json) {
      String where =
          json.getLocation() == null ? "" : " near character " + json.getLocation().getCharOffset();
      return fail(
          "the "
              + document
              + " is not valid JSON"
              + where
              + ": "
              + Quoted.plain(json.getOriginalMessage()),
          e);
    }
    return fail("the " + document + " cannot be parsed: " + e, e);
  }
}
