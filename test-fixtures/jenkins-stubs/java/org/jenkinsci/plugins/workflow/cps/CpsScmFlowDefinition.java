package org.jenkinsci.plugins.workflow.cps;

import hudson.scm.SCM;
import org.jenkinsci.plugins.workflow.flow.FlowDefinition;

/** A signature, see the README. */
public class CpsScmFlowDefinition extends FlowDefinition {
  private CpsScmFlowDefinition() {}

  public SCM getScm() {
    throw new UnsupportedOperationException();
  }
}
