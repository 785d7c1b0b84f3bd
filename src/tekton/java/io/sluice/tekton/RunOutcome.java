package io.sluice.tekton;

import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How a run ended.
 *
 * @param status SUCCEEDED also when tasks with {@code onError: continue} failed
 * @param tasks every task of the pipeline in its order, {@code finally} last
 * @param results the pipeline's results; those whose tasks gave none are absent
 * @param reason why it did not succeed, for people; empty when it did
 */
public record RunOutcome(
    StageStatus status,
    Map<StageName, TaskOutcome> tasks,
    Map<String, String> results,
    String reason) {
  public RunOutcome {
    tasks = Collections.unmodifiableMap(new LinkedHashMap<>(tasks));
    results = Collections.unmodifiableMap(new LinkedHashMap<>(results));
  }

  /**
   * How one task ended.
   *
   * @param attempts how many were made; 0 when it was skipped
   * @param cached whether its {@code run} step was skipped because fetch had a hit
   * @param results by name
   * @param reason why it did not succeed, for people; empty when it did
   */
  public record TaskOutcome(
      StageStatus status,
      int attempts,
      boolean cached,
      Map<String, String> results,
      String reason) {
    public TaskOutcome {
      results = Collections.unmodifiableMap(new LinkedHashMap<>(results));
    }
  }
}
