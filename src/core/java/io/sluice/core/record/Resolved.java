package io.sluice.core.record;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.artifact.ArtifactStore;
import io.sluice.core.artifact.Digest;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.gate.GateContext;
import io.sluice.core.json.Json;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.json.Versioned;
import io.sluice.core.promotion.PromotionLog;
import io.sluice.core.run.RunId;
import java.io.IOException;
import java.time.Instant;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a run pinned before it did anything: {@code resolved.json}. Schema: {@code
 * resolved.schema.json}.
 *
 * @param code digest of the code tree, as {@link Manifest#artifact} gives it
 * @param commit of version control, if the client knew it; recorded only
 * @param seed of the spec
 * @param head of the promotion log
 * @param champion version that candidates meet; empty on a first run
 * @param hold why the gate holds whatever it finds; empty where it decides by what it finds
 */
@Versioned
@JsonTypeName(Resolved.API_VERSION)
public record Resolved(
    String model,
    RunId run,
    Instant asOf,
    Digest code,
    Optional<String> commit,
    long seed,
    PromotionLog.Head head,
    @JsonProperty(required = true) @JsonInclude(JsonInclude.Include.ALWAYS)
        Optional<Champion> champion,
    Optional<GateContext.Hold> hold) {
  public static final String API_VERSION = "sluice.io/resolved/v1";

  /** Names in the output of resolve. */
  public static final String FILE = "resolved.json";

  public static final String CODE = "code";
  public static final String GATES = "gates.json";
  public static final String SEARCH = "search.json";
  public static final String CHAMPION_MODEL = "champion/model";
  public static final String CHAMPION_NUMBERS = "champion/numbers.json";
  public static final String LINEAGE = "champion/lineage.json";
  public static final String STUDIES = "champion/studies/";
  public static final String SNAPSHOTS = "champion/snapshots/";

  /** The version that candidates meet. {@code run} is the Sluice run that made it. */
  public record Champion(
      int version,
      String family,
      String run,
      SortedMap<String, String> params,
      SortedMap<String, String> tags) {
    public Champion {
      params = Collections.unmodifiableSortedMap(new TreeMap<>(params));
      tags = Collections.unmodifiableSortedMap(new TreeMap<>(tags));
    }
  }

  /** {@code resolved.json}. */
  public ObjectNode json() {
    return JsonCodec.write(this);
  }

  /**
   * Reads what {@link #json} wrote.
   *
   * @throws IllegalArgumentException when the JSON is anything else
   */
  public static Resolved parse(JsonNode root) {
    return JsonCodec.read(root, Resolved.class);
  }

  /** Reads it from resolve's output manifest. */
  public static Resolved from(ArtifactStore store, Manifest manifest) throws IOException {
    return parse(Json.parse(store.read(manifest, FILE)));
  }
}
