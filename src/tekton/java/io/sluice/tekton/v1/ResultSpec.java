package io.sluice.tekton.v1;

import java.util.Optional;

/**
 * Declares a result of a task or of a step.
 *
 * @param value for a task: where a step's result becomes the task's
 */
public record ResultSpec(
    String name,
    Optional<ParamType> type,
    Optional<String> description,
    Optional<ParamValue> value) {}
