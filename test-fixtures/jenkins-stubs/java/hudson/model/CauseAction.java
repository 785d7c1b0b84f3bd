package hudson.model;

import java.util.List;
import jenkins.model.RunAction2;

/** A signature, see the README. */
public class CauseAction implements RunAction2 {
  public CauseAction(Cause c) {
    throw new UnsupportedOperationException();
  }

  public List<Cause> getCauses() {
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

  @Override
  public void onLoad(Run<?, ?> r) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void onAttached(Run<?, ?> r) {
    throw new UnsupportedOperationException();
  }
}
