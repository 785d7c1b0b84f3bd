package hudson.model;

/** A signature, see the README. */
public class Queue {
  private Queue() {}

  /** What waits to be built. */
  public abstract static class Item extends Actionable {
    Item() {}
  }
}
