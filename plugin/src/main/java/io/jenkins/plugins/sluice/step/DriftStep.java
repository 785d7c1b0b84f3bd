package io.jenkins.plugins.sluice.step;

import hudson.Extension;
import io.sluice.app.run.StageSelector;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.DataBoundConstructor;

/** {@code mlDrift()}: has the data moved away from what the champion was trained on. */
@Restricted(NoExternalUse.class)
public final class DriftStep extends StageStep {
  @DataBoundConstructor
  public DriftStep() {}

  @Override
  StageSelector call() {
    return StageSelector.of(StageSelector.Kind.DRIFT);
  }

  /** The step's name. */
  @Extension
  public static final class DescriptorImpl extends StageDescriptor {
    public DescriptorImpl() {
      super("mlDrift");
    }

    @Override
    public String getDisplayName() {
      return Messages.DriftStep_displayName();
    }
  }
}
