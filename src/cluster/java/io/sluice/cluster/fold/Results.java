package io.sluice.cluster.fold;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.sluice.core.json.Json;
import java.util.LinkedHashMap;
import java.util.Map;

/** Reads results: strings as they are, lists as JSON, as the local runner tells them. */
final class Results {
  private Results() {}

  static Map<String, String> of(Tree results) {
    Map<String, String> out = new LinkedHashMap<>();
    for (Tree result : results.list()) {
      Tree value = result.at("value");
      String text = value.text();
      if (value.isList()) {
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        value.list().forEach(v -> array.add(v.text()));
        text = Json.write(array);
      }
      out.put(result.at("name").text(), text);
    }
    return out;
  }
}
