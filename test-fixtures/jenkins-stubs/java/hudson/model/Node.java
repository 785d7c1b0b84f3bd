package hudson.model;

/** A signature, see the README. */
public abstract class Node {
  Node() {}
}
