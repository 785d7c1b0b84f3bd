package org.jenkinsci.plugins.workflow.steps;

import hudson.model.Result;

/** A signature, see the README. */
public final class FlowInterruptedException extends InterruptedException {
  private static final long serialVersionUID = 1L;

  private FlowInterruptedException() {}

  public Result getResult() {
    throw new UnsupportedOperationException();
  }
}
