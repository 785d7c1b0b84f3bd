package io.sluice.tekton.v1;

import java.util.Optional;

/**
 * Declares a result of a pipeline.
 *
 * @param value refers to results of its tasks
 */
public record PipelineResult(
    String name, Optional<ParamType> type, Optional<String> description, ParamValue value) {}
