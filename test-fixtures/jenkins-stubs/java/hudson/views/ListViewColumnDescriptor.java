package hudson.views;

import hudson.model.Descriptor;

/** A signature, see the README. */
public abstract class ListViewColumnDescriptor extends Descriptor<ListViewColumn> {
  public boolean shownByDefault() {
    throw new UnsupportedOperationException();
  }
}
