package org.kohsuke.accmod.restrictions;

/** A signature, see the README. */
public class NoExternalUse {}
