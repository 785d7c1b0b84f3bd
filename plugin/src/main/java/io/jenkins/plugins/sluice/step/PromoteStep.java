package io.jenkins.plugins.sluice.step;

import hudson.Extension;
import io.sluice.app.staged.StageCall;
import org.kohsuke.stapler.DataBoundConstructor;

/** {@code mlPromote()}: makes the candidate champion if the stored verdict says so. */
public final class PromoteStep extends StageStep {
  @DataBoundConstructor
  public PromoteStep() {}

  @Override
  StageCall call() {
    return StageCall.of(StageCall.Kind.PROMOTE);
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
