package jenkins.scm.api;

import java.io.IOException;

/** A signature, see the README. */
public abstract class SCMFile {
  public final String getName() {
    throw new UnsupportedOperationException();
  }

  public String getPath() {
    throw new UnsupportedOperationException();
  }

  public abstract Iterable<SCMFile> children() throws IOException, InterruptedException;

  public final boolean exists() throws IOException, InterruptedException {
    throw new UnsupportedOperationException();
  }

  public final boolean isFile() throws IOException, InterruptedException {
    throw new UnsupportedOperationException();
  }

  public final boolean isDirectory() throws IOException, InterruptedException {
    throw new UnsupportedOperationException();
  }

  public byte[] contentAsBytes() throws IOException, InterruptedException {
    throw new UnsupportedOperationException();
  }
}
