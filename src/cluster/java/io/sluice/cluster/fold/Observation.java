package io.sluice.cluster.fold;

/** The state of one object of a run, as a cluster reported it at some time. */
public sealed interface Observation permits ObservedRun, ObservedTaskRun, ObservedPod {}
