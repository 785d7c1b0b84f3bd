package io.jenkins.plugins.sluice.step;

import hudson.Extension;
import io.sluice.app.staged.StageCall;
import org.kohsuke.stapler.DataBoundConstructor;

/** {@code mlPreprocess()}: data, and the stage {@code preprocess}. */
public final class PreprocessStep extends StageStep {
  @DataBoundConstructor
  public PreprocessStep() {}

  @Override
  StageCall call() {
    return StageCall.of(StageCall.Kind.PREPROCESS);
  }

  /** The step's name. */
  @Extension
  public static final class DescriptorImpl extends StageDescriptor {
    public DescriptorImpl() {
      super("mlPreprocess");
    }

    @Override
    public String getDisplayName() {
      return Messages.PreprocessStep_displayName();
    }
  }
}
