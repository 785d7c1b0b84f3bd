package org.jenkinsci.plugins.workflow.support.steps.input;

import hudson.model.InvisibleAction;

/** A signature, see the README. */
public class ApproverAction extends InvisibleAction {
  public ApproverAction(String userId) {
    throw new UnsupportedOperationException();
  }

  public String getUserId() {
    throw new UnsupportedOperationException();
  }
}
