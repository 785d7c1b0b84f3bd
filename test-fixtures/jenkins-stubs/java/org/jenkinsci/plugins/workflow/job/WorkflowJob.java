package org.jenkinsci.plugins.workflow.job;

import hudson.model.Job;
import hudson.model.TopLevelItem;
import org.jenkinsci.plugins.workflow.flow.FlowDefinition;

/** A signature, see the README. */
public final class WorkflowJob extends Job<WorkflowJob, WorkflowRun> implements TopLevelItem {
  private WorkflowJob() {}

  public FlowDefinition getDefinition() {
    throw new UnsupportedOperationException();
  }
}
