package io.jenkins.plugins.sluice.step;

import hudson.AbortException;
import hudson.Extension;
import hudson.util.ListBoxModel;
import io.jenkins.plugins.sluice.form.FormText;
import io.sluice.app.run.StageSelector;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;

/** {@code mlEvaluate()}: candidate against champion, the gate's verdict, registration. */
@Restricted(NoExternalUse.class)
public final class EvaluateStep extends StageStep {
  private String onHold = HoldPolicy.SUCCESS;

  @DataBoundConstructor
  public EvaluateStep() {}

  public String getOnHold() {
    return onHold;
  }

  /** {@code success}, {@code unstable} or {@code failure}. */
  @DataBoundSetter
  public void setOnHold(@Nullable String onHold) {
    // the start of the step refuses an unknown one
    this.onHold = FormText.text(onHold);
  }

  @Override
  void check() throws AbortException {
    HoldPolicy.check(onHold);
  }

  @Override
  String onHold() {
    return onHold;
  }

  @Override
  StageSelector call() {
    return StageSelector.of(StageSelector.Kind.EVALUATE);
  }

  /** The step's name. */
  @Extension
  public static final class DescriptorImpl extends StageDescriptor {
    public DescriptorImpl() {
      super("mlEvaluate");
    }

    @Override
    public String getDisplayName() {
      return Messages.EvaluateStep_displayName();
    }

    public ListBoxModel doFillOnHoldItems() {
      return RunStep.holds();
    }
  }
}
