package org.jenkinsci.plugins.workflow.job;

import hudson.model.Job;
import hudson.model.TopLevelItem;
import jenkins.model.ParameterizedJobMixIn;
import org.jenkinsci.plugins.workflow.flow.FlowDefinition;

/** A signature, see the README. */
public final class WorkflowJob extends Job<WorkflowJob, WorkflowRun>
    implements TopLevelItem, ParameterizedJobMixIn.ParameterizedJob<WorkflowJob, WorkflowRun> {
  private WorkflowJob() {}

  public FlowDefinition getDefinition() {
    throw new UnsupportedOperationException();
  }
}
