package io.sluice.core.record;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.artifact.Digest;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.run.StageName;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Which data of the champion's run the store still has: {@code champion/lineage.json} of resolve,
 * which drift reads to tell data that is gone from data that never was. Schema: {@code
 * champion-data.schema.json}.
 *
 * @param version of the champion
 * @param run that made it; empty when Sluice did not register the version
 * @param stages of that run that left data
 */
public record ChampionData(int version, String run, SortedMap<StageName, Left> stages) {

  /**
   * What a stage left.
   *
   * @param outputs digest of its output manifest
   * @param kept whether the store still has all of it
   */
  public record Left(Digest outputs, boolean kept) {}

  public ChampionData {
    stages = Collections.unmodifiableSortedMap(new TreeMap<>(stages));
  }

  /** {@code champion/lineage.json}. */
  public JsonNode json() {
    return JsonCodec.write(this);
  }
}
