package jenkins.scm.api;

import hudson.ExtensionPoint;
import hudson.model.Item;
import hudson.model.TaskListener;
import java.io.IOException;

/** A signature, see the README. */
public abstract class SCMSource {
  public final SCMRevision fetch(SCMHead head, TaskListener listener)
      throws IOException, InterruptedException {
    throw new UnsupportedOperationException();
  }

  public SCMRevision getTrustedRevision(SCMRevision revision, TaskListener listener)
      throws IOException, InterruptedException {
    throw new UnsupportedOperationException();
  }

  /** Finds the source of an item. */
  public abstract static class SourceByItem implements ExtensionPoint {
    public abstract SCMSource getSource(Item item);

    public static SCMSource findSource(Item item) {
      throw new UnsupportedOperationException();
    }
  }
}
