package hudson.tools;

import hudson.ExtensionPoint;
import hudson.model.Describable;

/** A signature, see the README. */
public abstract class ToolProperty<T extends ToolInstallation>
    implements Describable<ToolProperty<?>>, ExtensionPoint {}
