package io.sluice.core.spec;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.json.Json;

/**
 * The spec's format as JSON Schema, for editors and for other programs; generated from what the
 * parser reads by. It knows the form of every value, not how values refer to each other.
 */
public final class SpecSchema {
  private SpecSchema() {}

  /** The schema, draft 2020-12, as a fresh tree. */
  public static ObjectNode tree() {
    ObjectNode schema = Json.object();
    schema.put("$schema", "https://json-schema.org/draft/2020-12/schema");
    schema.put("$id", "https://sluice.io/schemas/" + Spec.API_VERSION.replace('/', '-') + ".json");
    schema.put("title", "Sluice pipeline");
    schema.setAll(SpecModel.spec().schema());
    return schema;
  }

  /** The schema as indented text with a final line break; the same bytes every time. */
  public static String json() {
    return Json.pretty(tree());
  }
}
