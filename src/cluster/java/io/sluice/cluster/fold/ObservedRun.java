package io.sluice.cluster.fold;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the fold reads of a PipelineRun.
 *
 * @param asked {@code spec.status}: what somebody asked it to do, such as to cancel
 * @param stages its tasks in the order of the pipeline, {@code finally} last; empty until Tekton
 *     has read the pipeline
 * @param taskRuns names of the TaskRuns that it made so far
 * @param skipped why tasks were skipped, in Tekton's words, by task
 */
public record ObservedRun(
    String name,
    String asked,
    Condition succeeded,
    Optional<Instant> created,
    List<Stage> stages,
    List<String> taskRuns,
    Map<String, String> skipped,
    Map<String, String> results)
    implements Observation {
  public ObservedRun {
    stages = List.copyOf(stages);
    taskRuns = List.copyOf(taskRuns);
    skipped = Collections.unmodifiableMap(new LinkedHashMap<>(skipped));
    results = Collections.unmodifiableMap(new LinkedHashMap<>(results));
  }

  /**
   * A task of the pipeline.
   *
   * @param task the name of the {@code Task} that it refers to; empty for an embedded one
   * @param mayFail whether the run continues when it fails
   * @param fanned whether it has a matrix, which makes any number of TaskRuns of it
   */
  public record Stage(String name, Optional<String> task, boolean mayFail, boolean fanned) {}

  boolean isDone() {
    return succeeded.isDecided();
  }
}
