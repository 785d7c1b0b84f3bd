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
 */
public record PipelineTask(
    String name,
    Optional<String> displayName,
    Optional<String> description,
    Optional<TaskRef> taskRef,
    Optional<TaskSpec> taskSpec,
    List<String> runAfter,
    List<When> when,
    Optional<OnError> onError,
    Optional<Integer> retries,
    Optional<Duration> timeout,
    List<Param> params,
    List<WorkspaceReference> workspaces) {
  public PipelineTask {
    runAfter = List.copyOf(runAfter);
    when = List.copyOf(when);
    params = List.copyOf(params);
    workspaces = List.copyOf(workspaces);
  }
}
