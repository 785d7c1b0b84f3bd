package io.sluice.tekton.v1;

import java.util.Optional;

/**
 * Gives a step or sidecar a workspace of its task; steps and sidecars that do not ask for it then
 * do not have it.
 *
 * @param mountPath where this step sees it; what {@code $(workspaces.<name>.path)} becomes there
 */
public record WorkspaceUsage(String name, Optional<String> mountPath) {}
