package io.sluice.tekton.v1;

/**
 * What can be applied to a cluster: a document with {@code apiVersion}, {@code kind}, metadata and
 * spec. The records of this package are the part of Tekton's {@code v1} API (v1.15) that Sluice
 * emits and that a runner of its objects needs; their components are in the order in which people
 * write the fields. An empty list or map is the same as an absent field.
 */
public sealed interface TektonObject permits Task, Pipeline, PipelineRun {
  /** The API group and version of every kind here. */
  String API_VERSION = "tekton.dev/v1";

  Metadata metadata();
}
