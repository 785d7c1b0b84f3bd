package io.sluice.tekton.yaml;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.sluice.core.json.Json;
import io.sluice.tekton.v1.ParamValue;
import io.sluice.tekton.v1.Quantity;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Turns records into the ordered maps and lists that {@link YamlWriter} writes. */
final class Trees {
  private Trees() {}

  /** The record's fields in order, without those that are absent or empty. */
  static Map<String, Object> of(Record record) {
    Map<String, Object> tree = new LinkedHashMap<>();
    for (Fields.Field field : Fields.of(record.getClass()).byName().values()) {
      Object value = field.of(record);
      boolean absent =
          switch (value) {
            case Optional<?> o -> o.isEmpty();
            case List<?> l -> l.isEmpty();
            case Map<?, ?> m -> m.isEmpty();
            default -> false;
          };
      if (!absent) {
        tree.put(field.name(), value(value));
      }
    }
    return tree;
  }

  /** A tree as JSON. */
  static JsonNode json(Object tree) {
    return switch (tree) {
      case Map<?, ?> map -> {
        ObjectNode object = Json.object();
        map.forEach((k, v) -> object.set((String) k, json(v)));
        yield object;
      }
      case List<?> list -> {
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        list.forEach(v -> array.add(json(v)));
        yield array;
      }
      case Boolean b -> BooleanNode.valueOf(b);
      case Long l -> LongNode.valueOf(l);
      case Integer i -> IntNode.valueOf(i);
      default -> TextNode.valueOf(String.valueOf(tree));
    };
  }

  private static Object value(Object value) {
    return switch (value) {
      case Optional<?> o -> value(o.orElseThrow());
      case List<?> list -> list.stream().map(Trees::value).toList();
      case Map<?, ?> map -> {
        Map<String, Object> tree = new LinkedHashMap<>();
        map.forEach((k, v) -> tree.put((String) k, value(v)));
        yield tree;
      }
      case ParamValue.Text text -> text.value();
      case ParamValue.Array array -> array.values();
      case Duration duration -> GoDuration.format(duration);
      case Quantity quantity -> quantity.text();
      case Enum<?> constant -> Fields.nameOf(constant);
      case Record record -> of(record);
      default -> value;
    };
  }
}
