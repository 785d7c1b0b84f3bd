package org.jenkinsci.plugins.workflow.flow;

import hudson.model.AbstractDescribableImpl;

/** A signature, see the README. */
public abstract class FlowDefinition extends AbstractDescribableImpl<FlowDefinition> {}
