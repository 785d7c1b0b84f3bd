package jenkins.scm.api;

import hudson.ExtensionPoint;
import hudson.model.Item;
import java.io.Serializable;

/** A signature, see the README. */
public class SCMHead implements Serializable {
  private static final long serialVersionUID = 1L;

  public String getName() {
    throw new UnsupportedOperationException();
  }

  /** Finds the head of an item. */
  public abstract static class HeadByItem implements ExtensionPoint {
    public abstract SCMHead getHead(Item item);

    public static SCMHead findHead(Item item) {
      throw new UnsupportedOperationException();
    }
  }
}
