package io.sluice.tekton.v1;

import java.util.List;
import java.util.Optional;

/**
 * What a pipeline needs, gives and does.
 *
 * @param last the {@code finally} tasks: run when all others have ended, however that was
 */
public record PipelineSpec(
    Optional<String> displayName,
    Optional<String> description,
    List<ParamSpec> params,
    List<WorkspaceDeclaration> workspaces,
    List<PipelineResult> results,
    List<PipelineTask> tasks,
    @Key("finally") List<PipelineTask> last) {
  public PipelineSpec {
    params = List.copyOf(params);
    workspaces = List.copyOf(workspaces);
    results = List.copyOf(results);
    tasks = List.copyOf(tasks);
    last = List.copyOf(last);
  }
}
