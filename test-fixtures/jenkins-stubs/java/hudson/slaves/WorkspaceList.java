package hudson.slaves;

import hudson.FilePath;

/** A signature, see the README. */
public final class WorkspaceList {
  private WorkspaceList() {}

  public static FilePath tempDir(FilePath ws) {
    throw new UnsupportedOperationException();
  }
}
