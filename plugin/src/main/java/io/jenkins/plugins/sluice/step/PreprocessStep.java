package io.jenkins.plugins.sluice.step;

import hudson.Extension;
import io.sluice.app.run.StageSelector;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.DataBoundConstructor;

/** {@code mlPreprocess()}: data, and what prepares tables of it. */
@Restricted(NoExternalUse.class)
public final class PreprocessStep extends StageStep {
  @DataBoundConstructor
  public PreprocessStep() {}

  @Override
  StageSelector call() {
    return StageSelector.of(StageSelector.Kind.PREPROCESS);
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
