package io.sluice.tekton.v1;

import java.util.Optional;

/** Refers to a task in the same namespace. */
public record TaskRef(String name, Optional<String> kind) {}
