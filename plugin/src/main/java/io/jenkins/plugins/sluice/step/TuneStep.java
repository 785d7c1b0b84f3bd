package io.jenkins.plugins.sluice.step;

import hudson.AbortException;
import hudson.Extension;
import io.sluice.app.run.StageSelector;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;

/** {@code mlTune(trials: 40)}: the search for hyperparameters of all families. */
@Restricted(NoExternalUse.class)
public final class TuneStep extends StageStep {
  private @Nullable Integer trials;

  @DataBoundConstructor
  public TuneStep() {}

  public @Nullable Integer getTrials() {
    return trials;
  }

  /** At most so many; null: as the spec says. */
  @DataBoundSetter
  public void setTrials(@Nullable Integer trials) {
    this.trials = trials;
  }

  @Override
  void check() throws AbortException {
    if (trials != null && trials < 1) {
      throw new AbortException("a search has at least one trial, not " + trials);
    }
  }

  @Override
  @Nullable Integer trials() {
    return trials;
  }

  @Override
  StageSelector call() {
    return StageSelector.of(StageSelector.Kind.TUNE);
  }

  /** The step's name. */
  @Extension
  public static final class DescriptorImpl extends StageDescriptor {
    public DescriptorImpl() {
      super("mlTune");
    }

    @Override
    public String getDisplayName() {
      return Messages.TuneStep_displayName();
    }
  }
}
