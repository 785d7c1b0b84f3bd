package io.sluice.tekton.v1;

import java.util.Optional;

/** Where a container sees a volume. */
public record VolumeMount(
    String name, String mountPath, Optional<String> subPath, Optional<Boolean> readOnly) {}
