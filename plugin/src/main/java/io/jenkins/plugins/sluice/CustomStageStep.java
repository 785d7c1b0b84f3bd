package io.jenkins.plugins.sluice;

import hudson.Extension;
import io.sluice.app.staged.StageCall;
import org.kohsuke.stapler.DataBoundConstructor;

/** {@code mlStage 'enrich'}: a stage of the spec by its name, or a data source by its. */
public final class CustomStageStep extends StageStep {
  private final String name;

  @DataBoundConstructor
  public CustomStageStep(String name) {
    this.name = name;
  }

  public String getName() {
    return name;
  }

  @Override
  StageCall call() {
    return StageCall.stage(name);
  }

  /** The step's name. */
  @Extension
  public static final class DescriptorImpl extends StageDescriptor {
    public DescriptorImpl() {
      super("mlStage");
    }

    @Override
    public String getDisplayName() {
      return Messages.CustomStageStep_displayName();
    }
  }
}
