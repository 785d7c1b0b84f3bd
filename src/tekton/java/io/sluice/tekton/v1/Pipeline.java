package io.sluice.tekton.v1;

/** Tasks, their order, and what is handed from one to the next. */
public record Pipeline(Metadata metadata, PipelineSpec spec) implements TektonObject {}
