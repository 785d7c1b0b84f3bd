package io.sluice.tekton.v1;

import java.util.List;
import java.util.Optional;

/**
 * A task that stands within a pipeline instead of being referred to by name.
 *
 * @param metadata labels and annotations that its TaskRuns and pods inherit; it has no name
 */
public record EmbeddedTask(
    Optional<Metadata> metadata,
    Optional<String> displayName,
    Optional<String> description,
    List<ParamSpec> params,
    List<WorkspaceDeclaration> workspaces,
    List<ResultSpec> results,
    List<Volume> volumes,
    Optional<StepTemplate> stepTemplate,
    List<Sidecar> sidecars,
    List<Step> steps) {
  public EmbeddedTask {
    params = List.copyOf(params);
    workspaces = List.copyOf(workspaces);
    results = List.copyOf(results);
    volumes = List.copyOf(volumes);
    sidecars = List.copyOf(sidecars);
    steps = List.copyOf(steps);
  }

  /** What it needs, gives and does. */
  public TaskSpec spec() {
    return new TaskSpec(
        displayName,
        description,
        params,
        workspaces,
        results,
        volumes,
        stepTemplate,
        sidecars,
        steps);
  }
}
