package io.jenkins.plugins.sluice.agent;

import hudson.AbortException;
import hudson.EnvVars;
import hudson.FilePath;
import hudson.model.Computer;
import hudson.model.Node;
import hudson.model.TaskListener;
import io.jenkins.plugins.sluice.config.SluiceInstallation;
import java.io.IOException;
import java.util.Optional;
import jenkins.model.Jenkins;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/** Finds the home of the installation of Sluice that a step names, on the step's agent. */
@Restricted(NoExternalUse.class)
public final class InstallationHome {
  private InstallationHome() {}

  /**
   * The home of an installation.
   *
   * @param tool its name; empty: the only one, if there is one
   * @return empty: the program is expected on the PATH
   */
  public static Optional<String> find(
      String tool, FilePath workspace, EnvVars env, TaskListener listener)
      throws IOException, InterruptedException {
    SluiceInstallation[] all =
        Jenkins.get()
            .getDescriptorByType(SluiceInstallation.DescriptorImpl.class)
            .getInstallations();
    @Nullable SluiceInstallation found = null;
    for (SluiceInstallation one : all) {
      if (one.getName().equals(tool) || (tool.isEmpty() && all.length == 1)) {
        found = one;
      }
    }
    if (found == null) {
      if (tool.isEmpty()) {
        return Optional.empty();
      }
      throw new AbortException("there is no installation " + tool + " of Sluice under Tools");
    }
    @Nullable Computer computer = workspace.toComputer();
    @Nullable Node node = computer == null ? null : computer.getNode();
    if (node == null) {
      throw new AbortException("the agent is gone");
    }
    return Optional.ofNullable(found.forNode(node, listener).forEnvironment(env).getHome());
  }
}
