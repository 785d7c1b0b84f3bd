package io.sluice.tekton.v1;

/** One execution of a pipeline, with values for its parameters and workspaces. */
public record PipelineRun(Metadata metadata, PipelineRunSpec spec) implements TektonObject {}
