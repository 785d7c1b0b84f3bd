package jenkins.scm.api;

import hudson.model.Action;
import hudson.model.Actionable;

/** A signature, see the README. */
public class SCMRevisionAction implements Action {
  public SCMRevisionAction(SCMSource source, SCMRevision rev) {
    throw new UnsupportedOperationException();
  }

  public static SCMRevision getRevision(SCMSource source, Actionable actionable) {
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
