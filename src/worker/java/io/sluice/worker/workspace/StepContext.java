package io.sluice.worker.workspace;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.record.Resolved;
import io.sluice.core.record.StageRecord;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import java.time.Instant;
import java.util.List;

/**
 * What fetch tells a worker command of its stage besides inputs and params: {@code context.json} of
 * the stage workspace. No other program reads it.
 *
 * @param asOf up to when the stage's data knows
 * @param inputs as the stage's record lists them, whether they were there or not
 * @param records of the run's stages so far
 */
public record StepContext(
    RunId run,
    StageName stage,
    String model,
    Instant asOf,
    long seed,
    Resolved resolved,
    List<StageRecord.Input> inputs,
    List<StageRecord> records) {
  public StepContext {
    inputs = List.copyOf(inputs);
    records = List.copyOf(records);
  }

  public JsonNode json() {
    return JsonCodec.write(this);
  }

  /**
   * Reads what {@link #json} wrote.
   *
   * @throws IllegalArgumentException when the JSON is anything else
   */
  public static StepContext parse(JsonNode json) {
    return JsonCodec.read(json, StepContext.class);
  }
}
