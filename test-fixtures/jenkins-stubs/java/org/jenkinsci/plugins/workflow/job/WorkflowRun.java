package org.jenkinsci.plugins.workflow.job;

import hudson.model.Run;
import org.jenkinsci.plugins.workflow.flow.FlowExecution;

/** A signature, see the README. */
public final class WorkflowRun extends Run<WorkflowJob, WorkflowRun> {
  private WorkflowRun() {}

  public FlowExecution getExecution() {
    throw new UnsupportedOperationException();
  }
}
