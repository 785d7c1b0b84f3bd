package io.sluice.tekton.v1;

import java.util.Optional;

/** Says what a workspace of a run is: exactly one of the sources. */
public record WorkspaceBinding(
    String name,
    Optional<String> subPath,
    Optional<EmptyDir> emptyDir,
    Optional<ClaimReference> persistentVolumeClaim) {}
