package io.sluice.inference;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Strict reading of one JSON object from outside: every key is asked for by type, and {@link #end}
 * refuses those that nobody asked for. All methods throw {@link IllegalArgumentException} with a
 * message that names the key; callers put it into their diagnostic.
 */
final class Fields {
  private final String where;
  private final JsonNode object;
  private final Set<String> asked = new LinkedHashSet<>();

  Fields(String where, JsonNode object) {
    if (!object.isObject()) {
      throw new IllegalArgumentException(where + " is not an object");
    }
    this.where = where;
    this.object = object;
  }

  Optional<JsonNode> optional(String key) {
    asked.add(key);
    JsonNode node = object.get(key);
    return node == null || node.isNull() ? Optional.empty() : Optional.of(node);
  }

  JsonNode required(String key) {
    return optional(key)
        .orElseThrow(() -> new IllegalArgumentException(where + " lacks `" + key + "`"));
  }

  String text(String key) {
    return asText(key, required(key));
  }

  Optional<String> optionalText(String key) {
    return optional(key).map(n -> asText(key, n));
  }

  private String asText(String key, JsonNode node) {
    if (!node.isTextual() || node.textValue().isEmpty()) {
      throw new IllegalArgumentException("`" + key + "` of " + where + " is not a non-empty text");
    }
    return node.textValue();
  }

  void constant(String key, String wanted) {
    String found = text(key);
    if (!found.equals(wanted)) {
      throw new IllegalArgumentException(
          "`%s` of %s is %s, understood is `%s`"
              .formatted(key, where, Refusal.quoted(found), wanted));
    }
  }

  int integer(String key, int min, int max) {
    return asInt(key, required(key), min, max);
  }

  private int asInt(String key, JsonNode node, int min, int max) {
    if (!node.isIntegralNumber()
        || !node.canConvertToInt()
        || node.intValue() < min
        || node.intValue() > max) {
      throw new IllegalArgumentException(
          "`%s` of %s is not a whole number from %d to %d".formatted(key, where, min, max));
    }
    return node.intValue();
  }

  double number(String key) {
    JsonNode node = required(key);
    if (!node.isNumber()) {
      throw new IllegalArgumentException("`" + key + "` of " + where + " is not a number");
    }
    return node.doubleValue();
  }

  /** Between {@code min} and {@code max} distinct texts. */
  List<String> texts(String key, int min, int max) {
    List<String> out = new ArrayList<>();
    for (JsonNode node : array(key, min, max)) {
      out.add(asText(key, node));
    }
    return distinct(key, out);
  }

  List<Integer> integers(String key, int minSize, int maxSize, int min, int max) {
    List<Integer> out = new ArrayList<>();
    for (JsonNode node : array(key, minSize, maxSize)) {
      out.add(asInt(key, node, min, max));
    }
    return distinct(key, out);
  }

  JsonNode array(String key, int min, int max) {
    JsonNode node = required(key);
    if (!node.isArray() || node.size() < min || node.size() > max) {
      throw new IllegalArgumentException(
          "`%s` of %s is not a list of %d to %d values".formatted(key, where, min, max));
    }
    return node;
  }

  private <T> List<T> distinct(String key, List<T> values) {
    if (new LinkedHashSet<>(values).size() != values.size()) {
      throw new IllegalArgumentException("`" + key + "` of " + where + " names a value twice");
    }
    return List.copyOf(values);
  }

  /** A length of time that does not depend on the calendar: {@code P7D}, {@code PT1H}. */
  Duration duration(String key) {
    String text = text(key);
    try {
      return Duration.parse(text);
    } catch (DateTimeParseException | ArithmeticException e) {
      throw new IllegalArgumentException(
          "`%s` of %s is %s, not a fixed length of time such as `P7D`"
              .formatted(key, where, Refusal.quoted(text)),
          e);
    }
  }

  Optional<Instant> optionalInstant(String key) {
    return optionalText(key)
        .map(text -> {
          try {
            return EpochMicros.toInstant(EpochMicros.parse(text));
          } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                "`" + key + "` of " + where + ": " + e.getMessage(), e);
          }
        });
  }

  void end() {
    object
        .fieldNames()
        .forEachRemaining(key -> {
          if (!asked.contains(key)) {
            throw new IllegalArgumentException(
                "%s has the unknown key %s (known: %s)"
                    .formatted(where, Refusal.quoted(key), String.join(", ", asked)));
          }
        });
  }
}
