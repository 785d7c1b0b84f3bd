package io.sluice.tekton.v1;

import java.util.List;
import java.util.Optional;

/** What a task needs, gives and does: steps one after another in one pod. */
public record TaskSpec(
    Optional<String> displayName,
    Optional<String> description,
    List<ParamSpec> params,
    List<WorkspaceDeclaration> workspaces,
    List<ResultSpec> results,
    List<Volume> volumes,
    Optional<StepTemplate> stepTemplate,
    List<Sidecar> sidecars,
    List<Step> steps) {
  public TaskSpec {
    params = List.copyOf(params);
    workspaces = List.copyOf(workspaces);
    results = List.copyOf(results);
    volumes = List.copyOf(volumes);
    sidecars = List.copyOf(sidecars);
    steps = List.copyOf(steps);
  }
}
