package io.sluice.tekton.v1;

/** A task that pipelines refer to by name. */
public record Task(Metadata metadata, TaskSpec spec) implements TektonObject {}
