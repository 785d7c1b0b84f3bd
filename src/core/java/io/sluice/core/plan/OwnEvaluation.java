package io.sluice.core.plan;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.task.Task;
import java.util.Optional;

/**
 * What the store step of a team's own evaluation must know of the gate that judges its rows. It
 * travels among the stage's values, under a name that the stage's command never sees.
 *
 * @param output of the stage: the folder with {@code rows.csv} and {@code rows.json}
 * @param metric of the gate
 * @param task of the spec
 */
public record OwnEvaluation(String output, String metric, Task task) {
  /** Its key among the values of the stage that evaluates. */
  public static final String KEY = "sluice.evaluation";

  /**
   * A key among the values of a train stage whose models meet the team's own evaluation alone: they
   * may be any files then.
   */
  public static final String MODELS = "sluice.models";

  /**
   * Reads it from the values of a stage; empty for a stage that does not evaluate.
   *
   * @throws IllegalArgumentException when it is anything else
   */
  public static Optional<OwnEvaluation> of(JsonNode values) {
    JsonNode own = values.path(KEY);
    return own.isMissingNode()
        ? Optional.empty()
        : Optional.of(JsonCodec.read(own, OwnEvaluation.class));
  }

  /** As {@link #of} reads it. */
  public JsonNode json() {
    return JsonCodec.write(this);
  }
}
