package hudson.model;

import java.io.File;
import java.io.IOException;
import java.util.List;
import org.springframework.security.access.AccessDeniedException;

/** A signature, see the README. */
public abstract class Run<JobT extends Job<JobT, RunT>, RunT extends Run<JobT, RunT>>
    extends Actionable implements Saveable {
  public JobT getParent() {
    throw new UnsupportedOperationException();
  }

  public boolean isBuilding() {
    throw new UnsupportedOperationException();
  }

  public int getNumber() {
    throw new UnsupportedOperationException();
  }

  public String getDisplayName() {
    throw new UnsupportedOperationException();
  }

  public String getFullDisplayName() {
    throw new UnsupportedOperationException();
  }

  public File getRootDir() {
    throw new UnsupportedOperationException();
  }

  public String getUrl() {
    throw new UnsupportedOperationException();
  }

  public String getExternalizableId() {
    throw new UnsupportedOperationException();
  }

  public static Run<?, ?> fromExternalizableId(String id)
      throws IllegalArgumentException, AccessDeniedException {
    throw new UnsupportedOperationException();
  }

  public <T extends Cause> T getCause(Class<T> type) {
    throw new UnsupportedOperationException();
  }

  public List<Cause> getCauses() {
    throw new UnsupportedOperationException();
  }

  public void setResult(Result r) {
    throw new UnsupportedOperationException();
  }

  public RunT getPreviousBuild() {
    throw new UnsupportedOperationException();
  }

  @Override
  public synchronized void save() throws IOException {
    throw new UnsupportedOperationException();
  }
}
