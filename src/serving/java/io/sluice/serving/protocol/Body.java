package io.sluice.serving.protocol;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.sluice.core.diag.DidYouMean;
import io.sluice.core.json.Json;
import io.sluice.core.run.DateOrInstant;
import io.sluice.serving.predict.Problem;
import io.sluice.serving.predict.ProblemException;
import java.io.IOException;
import java.time.Instant;
import java.util.Collection;

/**
 * Reads a request's JSON token by token. Every complaint says where, as a JSON pointer. Text that
 * is not JSON, a key that stands twice, deep nesting and text behind the end are refused.
 */
final class Body implements AutoCloseable {
  private static final String MALFORMED = "SLU-9210";
  private static final String WRONG = "SLU-9211";

  /** Beyond these, sums of dates and periods leave the calendar that answers can write. */
  private static final Instant FIRST = Instant.parse("0001-01-01T00:00:00Z");

  private static final Instant LAST = Instant.parse("9999-01-01T00:00:00Z");

  private static final int MAX_NAME = 200;

  private final JsonParser parser;
  private final int from;

  private Body(JsonParser parser, int from) {
    this.parser = parser;
    this.from = from;
  }

  /** What a body is read for. */
  interface Reading<T> {
    T read(Body body) throws IOException;
  }

  /**
   * Reads all of a text, which is one value.
   *
   * @throws ProblemException 400: where the text is wrong
   */
  static <T> T read(byte[] bytes, int from, int length, Reading<T> reading) {
    try (Body body = new Body(Json.parser(bytes, from, length), from)) {
      if (body.next() == null) {
        throw Problem.of(
            400, MALFORMED, "the body is empty", "send one JSON object; /openapi.json shows it");
      }
      T read = reading.read(body);
      if (body.parser.nextToken() != null) {
        throw body.wrong("there is more behind the JSON object", "send one object alone");
      }
      return read;
    } catch (JsonProcessingException e) {
      throw malformed(e);
    } catch (IOException e) {
      throw Problem.of(
          400, MALFORMED, "the body is not JSON in UTF-8: " + e.getMessage(), "send JSON");
    }
  }

  private static ProblemException malformed(JsonProcessingException e) {
    String where =
        e.getLocation() == null
            ? ""
            : " (line %d, column %d)"
                .formatted(e.getLocation().getLineNr(), e.getLocation().getColumnNr());
    return Problem.of(
        400,
        MALFORMED,
        "the body is not JSON as RFC 8259 has it: "
            + e.getOriginalMessage().lines().findFirst().orElse("it cannot be read")
            + where,
        "send one JSON object without repeated keys, and `null` where a number is missing");
  }

  /** A value that stands elsewhere in the same text, once it is known what it should be. */
  static <T> T reread(byte[] bytes, int at, int length, Reading<T> reading) throws IOException {
    try (Body body = new Body(Json.parser(bytes, at, length), at)) {
      var unused = body.next();
      return reading.read(body);
    }
  }

  /** Where the current value begins, in bytes of the text. */
  int offset() {
    return from + Math.toIntExact(parser.currentTokenLocation().getByteOffset());
  }

  /** The next token, or null at the end. */
  @org.jspecify.annotations.Nullable
  JsonToken next() throws IOException {
    return parser.nextToken();
  }

  /** Requires that the current value is an object, and goes to its first member. */
  void object() {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw wrong("an object is wanted here, not " + found(), "write {..}");
    }
  }

  /** Goes to the next member's value; its name, or null behind the last. */
  @org.jspecify.annotations.Nullable
  String member() throws IOException {
    String name = parser.nextFieldName();
    if (name != null) {
      parser.nextToken();
    }
    return name;
  }

  /** Requires that the current value is a list. */
  void list() {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw wrong("a list is wanted here, not " + found(), "write [..]");
    }
  }

  /** Goes to the next element of a list; false behind the last. */
  boolean element() throws IOException {
    return parser.nextToken() != JsonToken.END_ARRAY;
  }

  boolean isNull() {
    return parser.currentToken() == JsonToken.VALUE_NULL;
  }

  String text() throws IOException {
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      throw wrong("a text is wanted here, not " + found(), "write it in quotes");
    }
    return parser.getText();
  }

  /**
   * A name that the ledger keeps and people read later: short, and nothing in it that a terminal or
   * a database takes for something else.
   */
  String name() throws IOException {
    String text = text();
    if (text.isEmpty() || text.length() > MAX_NAME) {
      throw wrong("the name is empty, or longer than 200 characters", "name it as you do");
    }
    if (text.codePoints().anyMatch(Body::isUnprintable)) {
      throw wrong("the name holds a control character, or half a character", "leave it out");
    }
    return text;
  }

  private static boolean isUnprintable(int c) {
    int type = Character.getType(c);
    return type == Character.CONTROL
        || type == Character.FORMAT
        || type == Character.SURROGATE
        || type == Character.LINE_SEPARATOR
        || type == Character.PARAGRAPH_SEPARATOR;
  }

  boolean flag() {
    JsonToken token = parser.currentToken();
    if (token != JsonToken.VALUE_TRUE && token != JsonToken.VALUE_FALSE) {
      throw wrong("true or false is wanted here, not " + found(), "write it without quotes");
    }
    return token == JsonToken.VALUE_TRUE;
  }

  long whole() throws IOException {
    if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT) {
      throw wrong(
          "a whole number is wanted here, not " + found(),
          "write it without quotes, fraction and exponent");
    }
    if (parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
      throw wrong("a whole number of more than 64 bits", "numbers here have 64 bits");
    }
    return parser.getLongValue();
  }

  /** A number, or NaN where it is missing: a decimal text becomes a double, as in a table. */
  double numberOrMissing() throws IOException {
    JsonToken token = parser.currentToken();
    if (token == JsonToken.VALUE_NULL) {
      return Double.NaN;
    }
    if (token != JsonToken.VALUE_NUMBER_FLOAT && token != JsonToken.VALUE_NUMBER_INT) {
      throw wrong(
          "a number or null is wanted here, not " + found(),
          "write a number without quotes, and null where it is missing");
    }
    double value = parser.getDoubleValue();
    if (!Double.isFinite(value)) {
      throw wrong("the number is larger than a double can hold", "send null for a missing number");
    }
    return value;
  }

  /** As {@link #numberOrMissing}, rounded to 32 bits. */
  float floatOrMissing() throws IOException {
    return (float) numberOfFloatRangeOrMissing();
  }

  /** As {@link #numberOrMissing}, for a model that rounds it to 32 bits. */
  double numberOfFloatRangeOrMissing() throws IOException {
    double value = numberOrMissing();
    if (Float.isInfinite((float) value)) {
      throw wrong("the number is larger than 32 bits can hold", "send null for a missing number");
    }
    return value;
  }

  /** A date, or an instant in UTC. */
  Instant instant() throws IOException {
    String text = text();
    return DateOrInstant.parse(text)
        .filter(at -> !at.isBefore(FIRST) && at.isBefore(LAST))
        .orElseThrow(() ->
            wrong(
                "`%s` is neither a date nor an instant of the years 1 to 9998".formatted(text),
                "write 2026-01-05 or 2026-01-05T00:00:00Z"));
  }

  /** Passes over the current value, whatever it is. */
  void skip() throws IOException {
    parser.skipChildren();
  }

  ProblemException unknown(String name, Collection<String> known) {
    return wrong("there is no member `" + name + "` here", DidYouMean.hint(known, name));
  }

  /** A complaint about the current value. */
  ProblemException wrong(String what, String hint) {
    return wrong(WRONG, what, hint);
  }

  ProblemException wrong(String id, String what, String hint) {
    return Problem.at("" + parser.getParsingContext().pathAsPointer(), 400, id, what, hint);
  }

  private String found() {
    JsonToken token = parser.currentToken();
    return token == null
        ? "the end"
        : switch (token) {
          case START_OBJECT, END_OBJECT, FIELD_NAME -> "an object";
          case START_ARRAY, END_ARRAY -> "a list";
          case VALUE_STRING -> "a text";
          case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> "a number";
          case VALUE_TRUE, VALUE_FALSE -> "true or false";
          case VALUE_NULL -> "null";
          case NOT_AVAILABLE, VALUE_EMBEDDED_OBJECT -> "something else";
        };
  }

  JsonToken token() {
    JsonToken token = parser.currentToken();
    if (token == null) {
      throw wrong("the value is missing", "send one JSON object");
    }
    return token;
  }

  @Override
  public void close() throws IOException {
    parser.close();
  }
}
