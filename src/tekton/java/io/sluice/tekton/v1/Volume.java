package io.sluice.tekton.v1;

import java.util.Optional;

/** A volume of a task's pod. */
public record Volume(
    String name, Optional<EmptyDir> emptyDir, Optional<ClaimReference> persistentVolumeClaim) {}
