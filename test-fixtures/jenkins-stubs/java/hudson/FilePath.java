package hudson;

import hudson.model.Computer;
import hudson.model.TaskListener;
import hudson.remoting.VirtualChannel;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;

/** A signature, see the README. */
public final class FilePath implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Runs where the file is. */
  public interface FileCallable<T> extends Serializable {
    T invoke(File f, VirtualChannel channel) throws IOException, InterruptedException;
  }

  private FilePath() {}

  public <T> T act(FileCallable<T> callable) throws IOException, InterruptedException {
    throw new UnsupportedOperationException();
  }

  public FilePath child(String relOrAbsolute) {
    throw new UnsupportedOperationException();
  }

  public boolean exists() throws IOException, InterruptedException {
    throw new UnsupportedOperationException();
  }

  public boolean delete() throws IOException, InterruptedException {
    throw new UnsupportedOperationException();
  }

  public void mkdirs() throws IOException, InterruptedException {
    throw new UnsupportedOperationException();
  }

  public InputStream read() throws IOException, InterruptedException {
    throw new UnsupportedOperationException();
  }

  public Launcher createLauncher(TaskListener listener) throws IOException, InterruptedException {
    throw new UnsupportedOperationException();
  }

  public Computer toComputer() {
    throw new UnsupportedOperationException();
  }

  public boolean isDirectory() throws IOException, InterruptedException {
    throw new UnsupportedOperationException();
  }

  public String getRemote() {
    throw new UnsupportedOperationException();
  }
}
