package org.jenkinsci.plugins.workflow.flow;

/** A signature, see the README. */
public abstract class FlowExecution {}
