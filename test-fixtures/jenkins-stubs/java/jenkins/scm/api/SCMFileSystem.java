package jenkins.scm.api;

import hudson.model.Item;
import hudson.model.Run;
import hudson.scm.SCM;
import java.io.Closeable;
import java.io.IOException;

/** A signature, see the README. */
public abstract class SCMFileSystem implements Closeable {
  @Override
  public void close() throws IOException {
    throw new UnsupportedOperationException();
  }

  public final SCMFile child(String path) {
    throw new UnsupportedOperationException();
  }

  public SCMRevision getRevision() {
    throw new UnsupportedOperationException();
  }

  public static SCMFileSystem of(Item owner, SCM scm) throws IOException, InterruptedException {
    throw new UnsupportedOperationException();
  }

  public static SCMFileSystem of(Item owner, SCM scm, SCMRevision rev)
      throws IOException, InterruptedException {
    throw new UnsupportedOperationException();
  }

  public static SCMFileSystem of(Item owner, SCM scm, SCMRevision rev, Run<?, ?> build)
      throws IOException, InterruptedException {
    throw new UnsupportedOperationException();
  }

  public static SCMFileSystem of(SCMSource source, SCMHead head, SCMRevision rev)
      throws IOException, InterruptedException {
    throw new UnsupportedOperationException();
  }
}
