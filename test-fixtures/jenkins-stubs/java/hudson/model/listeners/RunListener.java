package hudson.model.listeners;

import hudson.ExtensionPoint;
import hudson.model.Run;
import hudson.model.TaskListener;

/** A signature, see the README. */
@SuppressWarnings("rawtypes")
public abstract class RunListener<R extends Run> implements ExtensionPoint {
  public void onCompleted(R r, TaskListener listener) {
    throw new UnsupportedOperationException();
  }
}
