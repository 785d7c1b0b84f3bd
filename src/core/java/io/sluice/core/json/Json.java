package io.sluice.core.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.TreeMap;

/**
 * JSON as this project reads and writes it. Reading is strict: duplicate keys and trailing text are
 * errors, nesting is bounded. {@link #canonical} is what digests are taken of.
 */
public final class Json {
  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
          .build();

  static {
    MAPPER
        .getFactory()
        .setStreamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(100).build());
  }

  /** Nesting of a request: a tensor of three dimensions within a request has five. */
  private static final int MAX_REQUEST_NESTING = 16;

  /** Longest text within a request. */
  private static final int MAX_REQUEST_TEXT = 1 << 20;

  /** For what is read and written at every request, token by token. */
  private static final JsonFactory STREAMS =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
          .enable(StreamWriteFeature.USE_FAST_DOUBLE_WRITER)
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_REQUEST_NESTING)
                  .maxNumberLength(400)
                  .maxNameLength(1_000)
                  .maxStringLength(MAX_REQUEST_TEXT)
                  .build())
          .build();

  private Json() {}

  /**
   * Reads UTF-8 token by token, as strictly as {@link #parse(byte[])}: for requests, where a tree
   * would cost more than the model.
   */
  public static JsonParser parser(byte[] utf8, int from, int length) throws IOException {
    return STREAMS.createParser(utf8, from, length);
  }

  /** Writes UTF-8 token by token; numbers as {@link #write} writes them. */
  public static JsonGenerator generator(OutputStream out) throws IOException {
    return STREAMS.createGenerator(out);
  }

  /** An empty object to fill in order. */
  public static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  /**
   * Parses one JSON value.
   *
   * @throws IllegalArgumentException when the text is not exactly one JSON value; the message names
   *     line and column
   */
  public static JsonNode parse(String text) {
    try {
      JsonNode node = MAPPER.readTree(text);
      if (node == null || node.isMissingNode()) {
        throw new IllegalArgumentException("empty text where a JSON value was expected");
      }
      return node;
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e.getOriginalMessage() + where(e), e);
    }
  }

  /** Parses one JSON value from UTF-8 bytes; see {@link #parse(String)}. */
  public static JsonNode parse(byte[] utf8) {
    return parse(new String(utf8, StandardCharsets.UTF_8));
  }

  /** Compact JSON, keys in the order in which they were put. */
  public static String write(JsonNode node) {
    try {
      return MAPPER.writeValueAsString(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a JSON tree that cannot be written", e);
    }
  }

  /** Indented JSON for people, with a final line break. */
  public static String pretty(JsonNode node) {
    return node.toPrettyString() + "\n";
  }

  /**
   * Compact JSON with every object's keys in code-unit order: equal values give equal bytes,
   * whatever the order in which they were written. Follows RFC 8785 but for the form of
   * floating-point numbers, which is Java's shortest.
   */
  public static String canonical(JsonNode node) {
    return write(sorted(node));
  }

  private static JsonNode sorted(JsonNode node) {
    if (node.isObject()) {
      TreeMap<String, JsonNode> fields = new TreeMap<>();
      node.properties().forEach(e -> fields.put(e.getKey(), sorted(e.getValue())));
      ObjectNode out = object();
      fields.forEach(out::set);
      return out;
    }
    if (node.isArray()) {
      var out = JsonNodeFactory.instance.arrayNode();
      node.forEach(child -> out.add(sorted(child)));
      return out;
    }
    return node;
  }

  private static String where(JsonProcessingException e) {
    return e.getLocation() == null
        ? ""
        : " (line "
            + e.getLocation().getLineNr()
            + ", column "
            + e.getLocation().getColumnNr()
            + ")";
  }
}
