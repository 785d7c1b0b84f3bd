package hudson.model.listeners;

import hudson.ExtensionPoint;
import hudson.model.Item;

/** A signature, see the README. */
public class ItemListener implements ExtensionPoint {
  public void onBeforeShutdown() {
    throw new UnsupportedOperationException();
  }

  public void onLocationChanged(Item item, String oldFullName, String newFullName) {
    throw new UnsupportedOperationException();
  }
}
