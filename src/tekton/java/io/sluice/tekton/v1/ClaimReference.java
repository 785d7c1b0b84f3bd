package io.sluice.tekton.v1;

import java.util.Optional;

/** A volume claim that exists. */
public record ClaimReference(String claimName, Optional<Boolean> readOnly) {}
