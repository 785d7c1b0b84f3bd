package hudson.model;

/** A signature, see the README. */
public interface TopLevelItem extends Item {}
