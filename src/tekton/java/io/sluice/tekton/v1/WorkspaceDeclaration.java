package io.sluice.tekton.v1;

import java.util.Optional;

/**
 * Says that a task or pipeline wants a folder under this name.
 *
 * @param mountPath tasks only
 * @param readOnly tasks only
 */
public record WorkspaceDeclaration(
    String name,
    Optional<String> description,
    Optional<String> mountPath,
    Optional<Boolean> readOnly,
    Optional<Boolean> optional) {}
