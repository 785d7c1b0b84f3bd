package hudson.tools;

import hudson.model.Descriptor;

/** A signature, see the README. */
public abstract class ToolPropertyDescriptor extends Descriptor<ToolProperty<?>> {}
