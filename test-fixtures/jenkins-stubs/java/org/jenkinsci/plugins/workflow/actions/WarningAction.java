package org.jenkinsci.plugins.workflow.actions;

import hudson.model.Result;

/** A signature, see the README. */
public class WarningAction implements PersistentAction {
  public WarningAction(Result result) {
    throw new UnsupportedOperationException();
  }

  public WarningAction withMessage(String message) {
    throw new UnsupportedOperationException();
  }

  @Override
  public String getDisplayName() {
    throw new UnsupportedOperationException();
  }

  @Override
  public String getIconFileName() {
    throw new UnsupportedOperationException();
  }

  @Override
  public String getUrlName() {
    throw new UnsupportedOperationException();
  }
}
