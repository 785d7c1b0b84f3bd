package io.jenkins.plugins.sluice.config;

import hudson.EnvVars;
import hudson.Extension;
import hudson.model.EnvironmentSpecific;
import hudson.model.Node;
import hudson.model.TaskListener;
import hudson.slaves.NodeSpecific;
import hudson.tools.ToolDescriptor;
import hudson.tools.ToolInstallation;
import hudson.tools.ToolProperty;
import java.io.IOException;
import java.util.List;
import org.jenkinsci.Symbol;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.DataBoundConstructor;

/** The command line {@code sluice} on agents, for {@code runner: 'local'}. */
@Restricted(NoExternalUse.class)
public final class SluiceInstallation extends ToolInstallation
    implements NodeSpecific<SluiceInstallation>, EnvironmentSpecific<SluiceInstallation> {
  private static final long serialVersionUID = 1L;

  @DataBoundConstructor
  public SluiceInstallation(String name, String home, List<? extends ToolProperty<?>> properties) {
    super(name, home, properties);
  }

  @Override
  public SluiceInstallation forNode(Node node, TaskListener log)
      throws IOException, InterruptedException {
    return new SluiceInstallation(getName(), translateFor(node, log), getProperties().toList());
  }

  @Override
  public SluiceInstallation forEnvironment(EnvVars environment) {
    return new SluiceInstallation(
        getName(), environment.expand(getHome()), getProperties().toList());
  }

  /** For {@code tool} and {@code tools {}}. */
  @Override
  public void buildEnvVars(EnvVars env) {
    @Nullable String home = getHome();
    if (home != null && !home.isEmpty()) {
      env.put("SLUICE_HOME", home);
      env.put("PATH+SLUICE", home);
      env.put("PATH+SLUICE_BIN", home + "/bin");
    }
  }

  /** Its name and form. */
  @Extension
  @Symbol("sluice")
  public static final class DescriptorImpl extends ToolDescriptor<SluiceInstallation> {
    public DescriptorImpl() {
      load();
    }

    @Override
    public String getDisplayName() {
      return Messages.SluiceInstallation_displayName();
    }

    @Override
    public void setInstallations(SluiceInstallation... installations) {
      super.setInstallations(installations);
      save();
    }
  }
}
