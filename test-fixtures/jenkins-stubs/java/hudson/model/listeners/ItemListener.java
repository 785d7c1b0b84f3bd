package hudson.model.listeners;

import hudson.ExtensionPoint;

/** A signature, see the README. */
public class ItemListener implements ExtensionPoint {
  public void onBeforeShutdown() {
    throw new UnsupportedOperationException();
  }
}
