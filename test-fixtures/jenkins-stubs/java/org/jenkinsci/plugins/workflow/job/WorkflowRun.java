package org.jenkinsci.plugins.workflow.job;

import hudson.model.Run;

/** A signature, see the README. */
public final class WorkflowRun extends Run<WorkflowJob, WorkflowRun> {
  private WorkflowRun() {}
}
