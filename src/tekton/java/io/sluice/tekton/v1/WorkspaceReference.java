package io.sluice.tekton.v1;

import java.util.Optional;

/**
 * Gives a task a workspace of its pipeline.
 *
 * @param name as the task declares it
 * @param workspace as the pipeline declares it; absent when it is the same
 */
public record WorkspaceReference(
    String name, Optional<String> workspace, Optional<String> subPath) {}
