package io.jenkins.plugins.sluice.step;

import hudson.Extension;
import io.sluice.app.staged.StageCall;
import org.kohsuke.stapler.DataBoundConstructor;

/** {@code mlTrain()}: the models of all families. */
public final class TrainStep extends StageStep {
  @DataBoundConstructor
  public TrainStep() {}

  @Override
  StageCall call() {
    return StageCall.of(StageCall.Kind.TRAIN);
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
