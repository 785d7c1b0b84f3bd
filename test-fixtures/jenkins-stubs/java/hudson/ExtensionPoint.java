package hudson;

/** A signature, see the README. */
public interface ExtensionPoint {}
