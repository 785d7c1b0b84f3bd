package org.jenkinsci.plugins.workflow.actions;

/** A signature, see the README. */
public class LabelAction implements PersistentAction {
  public LabelAction(String displayName) {
    throw new UnsupportedOperationException();
  }

  @Override
  public String getIconFileName() {
    throw new UnsupportedOperationException();
  }

  @Override
  public String getDisplayName() {
    throw new UnsupportedOperationException();
  }

  @Override
  public String getUrlName() {
    throw new UnsupportedOperationException();
  }
}
