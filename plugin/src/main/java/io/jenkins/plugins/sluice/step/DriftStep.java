package io.jenkins.plugins.sluice.step;

import hudson.Extension;
import io.sluice.app.staged.StageCall;
import org.kohsuke.stapler.DataBoundConstructor;

/** {@code mlDrift()}: has the data moved away from what the champion was trained on. */
public final class DriftStep extends StageStep {
  @DataBoundConstructor
  public DriftStep() {}

  @Override
  StageCall call() {
    return StageCall.of(StageCall.Kind.DRIFT);
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
