package hudson.model;

import java.util.concurrent.ExecutorService;

/** A signature, see the README. */
public abstract class Computer {
  public static final ExecutorService threadPoolForRemoting = null;

  public Node getNode() {
    throw new UnsupportedOperationException();
  }
}
