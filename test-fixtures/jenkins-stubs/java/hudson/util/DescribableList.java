package hudson.util;

import hudson.model.Describable;
import hudson.model.Descriptor;

/** A signature, see the README. */
public class DescribableList<T extends Describable<T>, D extends Descriptor<T>>
    extends PersistedList<T> {}
