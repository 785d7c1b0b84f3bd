package hudson.scm;

/** A signature, see the README. */
public abstract class SCM {}
