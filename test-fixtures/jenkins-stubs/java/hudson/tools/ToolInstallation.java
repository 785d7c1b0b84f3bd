package hudson.tools;

import hudson.EnvVars;
import hudson.ExtensionPoint;
import hudson.model.Describable;
import hudson.model.Node;
import hudson.model.TaskListener;
import hudson.util.DescribableList;
import java.io.IOException;
import java.io.Serializable;
import java.util.List;

/** A signature, see the README. */
public abstract class ToolInstallation
    implements Describable<ToolInstallation>, Serializable, ExtensionPoint {
  private static final long serialVersionUID = 1L;

  protected ToolInstallation(String name, String home, List<? extends ToolProperty<?>> properties) {
    throw new UnsupportedOperationException();
  }

  public String getName() {
    throw new UnsupportedOperationException();
  }

  public String getHome() {
    throw new UnsupportedOperationException();
  }

  public void buildEnvVars(EnvVars env) {
    throw new UnsupportedOperationException();
  }

  public synchronized DescribableList<ToolProperty<?>, ToolPropertyDescriptor> getProperties() {
    throw new UnsupportedOperationException();
  }

  protected String translateFor(Node node, TaskListener log)
      throws IOException, InterruptedException {
    throw new UnsupportedOperationException();
  }
}
