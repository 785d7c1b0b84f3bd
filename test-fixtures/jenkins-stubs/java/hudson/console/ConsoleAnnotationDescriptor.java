package hudson.console;

import hudson.ExtensionPoint;
import hudson.model.Descriptor;

/** A signature, see the README. */
public abstract class ConsoleAnnotationDescriptor extends Descriptor<ConsoleNote<?>>
    implements ExtensionPoint {}
