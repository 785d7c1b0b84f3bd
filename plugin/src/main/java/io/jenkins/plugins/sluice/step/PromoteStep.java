package io.jenkins.plugins.sluice.step;

import hudson.Extension;
import io.sluice.app.run.StageSelector;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.DataBoundConstructor;

/** {@code mlPromote()}: makes the candidate champion if the stored verdict says so. */
@Restricted(NoExternalUse.class)
public final class PromoteStep extends StageStep {
  @DataBoundConstructor
  public PromoteStep() {}

  @Override
  StageSelector call() {
    return StageSelector.of(StageSelector.Kind.PROMOTE);
  }

  /** The step's name. */
  @Extension
  public static final class DescriptorImpl extends StageDescriptor {
    public DescriptorImpl() {
      super("mlPromote");
    }

    @Override
    public String getDisplayName() {
      return Messages.PromoteStep_displayName();
    }
  }
}
