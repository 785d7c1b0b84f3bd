package io.sluice.tekton.v1;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A task within a pipeline; it waits for the tasks whose results it uses and for {@code runAfter}.
 *
 * @param taskRef exactly one of this and {@code taskSpec}
 * @param retries how often a failed attempt is repeated
 * @param timeout of one attempt
 * @param matrix parameters whose values make several TaskRuns of it
 */
public record PipelineTask(
    String name,
    Optional<String> displayName,
    Optional<String> description,
    Optional<TaskRef> taskRef,
    Optional<EmbeddedTask> taskSpec,
    List<String> runAfter,
    List<When> when,
    Optional<OnError> onError,
    Optional<Integer> retries,
    Optional<Duration> timeout,
    List<Param> params,
    Optional<Matrix> matrix,
    List<WorkspaceReference> workspaces) {
  public PipelineTask {
    runAfter = List.copyOf(runAfter);
    when = List.copyOf(when);
    params = List.copyOf(params);
    workspaces = List.copyOf(workspaces);
  }
}
