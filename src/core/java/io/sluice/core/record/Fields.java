package io.sluice.core.record;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.artifact.Digest;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;

/**
 * Typed access to the fields of a record's JSON: absent is empty, wrong is an error that names it.
 */
final class Fields {
  private Fields() {}

  static String text(JsonNode node, String name) {
    return optional(node, name)
        .orElseThrow(() -> new IllegalArgumentException("no text in the field " + name));
  }

  static Optional<String> optional(JsonNode node, String name) {
    JsonNode value = node.get(name);
    if (value == null || value.isNull()) {
      return Optional.empty();
    }
    if (!value.isTextual()) {
      throw new IllegalArgumentException("the field " + name + " is not a text");
    }
    return Optional.of(value.asText());
  }

  static Optional<Integer> integer(JsonNode node, String name) {
    JsonNode value = node.get(name);
    if (value == null || value.isNull()) {
      return Optional.empty();
    }
    if (!value.canConvertToInt() || !value.isIntegralNumber()) {
      throw new IllegalArgumentException("the field " + name + " is not a whole number");
    }
    return Optional.of(value.intValue());
  }

  static Optional<Digest> digest(JsonNode node, String name) {
    return optional(node, name).map(Digest::parse);
  }

  static Optional<Instant> instant(JsonNode node, String name) {
    try {
      return optional(node, name).map(Instant::parse);
    } catch (DateTimeException e) {
      throw new IllegalArgumentException("the field " + name + " is not an instant", e);
    }
  }
}
