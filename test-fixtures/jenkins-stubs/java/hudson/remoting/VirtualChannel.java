package hudson.remoting;

/** A signature, see the README. */
public interface VirtualChannel {}
