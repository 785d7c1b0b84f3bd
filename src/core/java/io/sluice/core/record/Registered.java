package io.sluice.core.record;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.artifact.Digest;
import io.sluice.core.json.JsonCodec;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a run registered: the output {@code registered} of register, which promote and record read.
 * Schema: {@code registered.schema.json}.
 *
 * @param versions version of each family
 * @param chosen family that the verdict is about
 * @param version of that family
 * @param bundle digest of its files
 */
public record Registered(
    SortedMap<String, Integer> versions, String chosen, int version, Digest bundle) {
  public Registered {
    if (version < 1) {
      throw new IllegalArgumentException("version " + version + " is not a version");
    }
    versions = Collections.unmodifiableSortedMap(new TreeMap<>(versions));
  }

  /** The output {@code registered}. */
  public JsonNode json() {
    return JsonCodec.write(this);
  }

  /**
   * Reads what {@link #json} wrote.
   *
   * @throws IllegalArgumentException when the JSON is anything else
   */
  public static Registered parse(JsonNode json) {
    return JsonCodec.read(json, Registered.class);
  }
}
