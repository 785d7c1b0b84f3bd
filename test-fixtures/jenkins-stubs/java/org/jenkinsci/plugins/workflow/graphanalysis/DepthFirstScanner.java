package org.jenkinsci.plugins.workflow.graphanalysis;

/** A signature, see the README. */
public class DepthFirstScanner extends AbstractFlowScanner {}
