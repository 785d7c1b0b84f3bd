package io.sluice.serving.follow;

import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.json.Versioned;
import io.sluice.core.promotion.LogState;
import io.sluice.core.serving.ServedVersion;
import java.time.Instant;
import java.util.Optional;

/**
 * What a service writes down so that it can start again without the registry. Schema: {@code
 * remembered-version.schema.json}.
 *
 * @param version as it was served
 * @param seen the latest head of a sound log that was seen
 * @param at when the log last said so
 */
@Versioned
@JsonTypeName(Remembered.API_VERSION)
public record Remembered(ServedVersion version, Optional<LogState.Anchor> seen, Instant at) {
  public static final String API_VERSION = "sluice.io/remembered-version/v1";

  JsonNode json() {
    return JsonCodec.write(this);
  }

  /**
   * Reads what {@link #json} wrote.
   *
   * @throws IllegalArgumentException when the JSON is anything else
   */
  static Remembered parse(JsonNode json) {
    return JsonCodec.read(json, Remembered.class);
  }
}
