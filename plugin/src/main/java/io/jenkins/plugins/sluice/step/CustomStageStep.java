package io.jenkins.plugins.sluice.step;

import hudson.AbortException;
import hudson.Extension;
import io.jenkins.plugins.sluice.form.FormText;
import io.sluice.app.run.StageSelector;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.DataBoundConstructor;

/** {@code mlStage 'enrich'}: a stage of the spec by its name, or a data source by its. */
@Restricted(NoExternalUse.class)
public final class CustomStageStep extends StageStep {
  private final String name;

  @DataBoundConstructor
  public CustomStageStep(@Nullable String name) {
    this.name = FormText.text(name);
  }

  public String getName() {
    return name;
  }

  @Override
  void check() throws AbortException {
    if (name.isEmpty()) {
      throw new AbortException("name the stage: mlStage 'enrich', say");
    }
  }

  @Override
  StageSelector call() {
    return StageSelector.stage(name);
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
