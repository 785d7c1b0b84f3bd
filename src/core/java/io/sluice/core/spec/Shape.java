package io.sluice.core.spec;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.json.Json;
import java.util.Optional;

/**
 * What may stand in one place of a spec: reads it, and describes it as JSON Schema. Both come out
 * of the same object, so they cannot disagree.
 *
 * @param <T> what it is read as
 */
interface Shape<T> {

  /** The value, or empty when it is wrong; then it has been reported. */
  Optional<T> read(Yaml node, Problems problems);

  /** JSON Schema, draft 2020-12. */
  ObjectNode schema();

  /** A JSON Schema with only a type. */
  static ObjectNode type(String... types) {
    ObjectNode schema = Json.object();
    if (types.length == 1) {
      return schema.put("type", types[0]);
    }
    ArrayNode list = schema.putArray("type");
    for (String type : types) {
      list.add(type);
    }
    return schema;
  }

  /** Reports that something of another type was wanted; silent where an error was reported. */
  static <T> Optional<T> mistyped(Yaml node, Problems problems, String wanted, String example) {
    if (!(node instanceof Yaml.Broken)) {
      problems.add("SLU-1010", node.at(), "expected " + wanted + ", found " + found(node), example);
    }
    return Optional.empty();
  }

  private static String found(Yaml node) {
    return switch (node) {
      case Yaml.Mapping m -> "a map";
      case Yaml.Sequence s -> "a list";
      case Yaml.Broken b -> "an error";
      case Yaml.Scalar s when !s.plain() -> "the text \"" + s.text() + "\"";
      case Yaml.Scalar s ->
          switch (Scalars.json(s)) {
            case null -> "\"" + s.text() + "\"";
            case JsonNode j when j.isNull() -> "nothing";
            case JsonNode j when j.isNumber() -> "the number " + s.text();
            case JsonNode j when j.isBoolean() -> "the truth value " + s.text();
            case JsonNode j -> "the text \"" + s.text() + "\"";
          };
    };
  }
}
