package io.sluice.cluster.fold;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What matters of a PipelineRun.
 *
 * @param asked {@code spec.status}: what somebody asked it to do, such as to cancel
 * @param stages its tasks in the order of the pipeline, {@code finally} last; empty until Tekton
 *     has read the pipeline
 * @param taskRuns names of the TaskRuns that it made so far
 * @param skipped why tasks were skipped, in Tekton's words, by task
 */
public record SeenRun(
    String name,
    String asked,
    Condition succeeded,
    Optional<Instant> created,
    List<Stage> stages,
    List<String> taskRuns,
    Map<String, String> skipped,
    Map<String, String> results) {
  public SeenRun {
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

  /** Reads a {@code tekton.dev/v1} PipelineRun. */
  public static SeenRun of(Tree run) {
    Map<String, String> skipped = new LinkedHashMap<>();
    run.at("status", "skippedTasks")
        .list()
        .forEach(s -> skipped.put(s.at("name").text(), s.at("reason").text()));
    return new SeenRun(
        run.at("metadata", "name").text(),
        run.at("spec", "status").text(),
        Condition.of(run, "Succeeded"),
        run.at("metadata", "creationTimestamp").time(),
        stages(run.at("status", "pipelineSpec")),
        run.at("status", "childReferences").list().stream()
            .filter(c -> c.at("kind").text().equals("TaskRun"))
            .map(c -> c.at("name").text())
            .toList(),
        skipped,
        Results.of(run.at("status", "results")));
  }

  /** The stages of a pipeline's spec. */
  public static List<Stage> stages(Tree spec) {
    return java.util.stream.Stream.concat(
            spec.at("tasks").list().stream(), spec.at("finally").list().stream())
        .map(t ->
            new Stage(
                t.at("name").text(),
                Optional.of(t.at("taskRef", "name").text()).filter(n -> !n.isEmpty()),
                t.at("onError").text().equals("continue"),
                !t.at("matrix", "params").list().isEmpty()))
        .toList();
  }

  boolean isDone() {
    return succeeded.isDecided();
  }
}
