package io.sluice.core.record;

import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.json.Versioned;

/**
 * What {@code bundle.json} says of a bundle of the kind {@code files}, whose content the team's own
 * evaluation alone can read. Schema: {@code files-bundle.schema.json}.
 *
 * @param family that made it
 */
@Versioned
@JsonTypeName(FilesBundle.API_VERSION)
public record FilesBundle(String family) {
  public static final String API_VERSION = "sluice.io/files-bundle/v1";

  /** Name of the file; it tells such a bundle from others. */
  public static final String FILE = "bundle.json";

  /** As {@code bundle.json} has it. */
  public JsonNode json() {
    return JsonCodec.write(this);
  }
}
