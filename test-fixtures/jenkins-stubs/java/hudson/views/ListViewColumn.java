package hudson.views;

import hudson.ExtensionPoint;
import hudson.model.Describable;

/** A signature, see the README. */
public abstract class ListViewColumn implements ExtensionPoint, Describable<ListViewColumn> {}
