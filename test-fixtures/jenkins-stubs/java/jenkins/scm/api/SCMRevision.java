package jenkins.scm.api;

import java.io.Serializable;

/** A signature, see the README. */
public abstract class SCMRevision implements Serializable {
  private static final long serialVersionUID = 1L;

  public final SCMHead getHead() {
    throw new UnsupportedOperationException();
  }
}
