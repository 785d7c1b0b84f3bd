package io.jenkins.plugins.sluice.step;

import hudson.Extension;
import io.sluice.app.run.StageSelector;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.DataBoundConstructor;

/** {@code mlTrain()}: the models of all families. */
@Restricted(NoExternalUse.class)
public final class TrainStep extends StageStep {
  @DataBoundConstructor
  public TrainStep() {}

  @Override
  StageSelector call() {
    return StageSelector.of(StageSelector.Kind.TRAIN);
  }

  /** The step's name. */
  @Extension
  public static final class DescriptorImpl extends StageDescriptor {
    public DescriptorImpl() {
      super("mlTrain");
    }

    @Override
    public String getDisplayName() {
      return Messages.TrainStep_displayName();
    }
  }
}
