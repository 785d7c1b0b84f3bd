package hudson.console;

import hudson.ExtensionPoint;
import hudson.model.AbstractBuild;
import hudson.model.Run;
import java.io.IOException;
import java.io.OutputStream;

/** A signature, see the README. */
public abstract class ConsoleLogFilter implements ExtensionPoint {
  @Deprecated
  @SuppressWarnings("rawtypes")
  public OutputStream decorateLogger(AbstractBuild build, OutputStream logger)
      throws IOException, InterruptedException {
    throw new UnsupportedOperationException();
  }

  @SuppressWarnings("rawtypes")
  public OutputStream decorateLogger(Run build, OutputStream logger)
      throws IOException, InterruptedException {
    throw new UnsupportedOperationException();
  }
}
