package io.jenkins.plugins.sluice.step;

import hudson.Extension;
import hudson.FilePath;
import hudson.model.Run;
import hudson.model.TaskListener;
import hudson.util.ListBoxModel;
import io.jenkins.plugins.sluice.form.FormText;
import io.jenkins.plugins.sluice.pipeline.RunRequest;
import io.jenkins.plugins.sluice.run.BuildRuns;
import io.sluice.app.run.RunPlan;
import io.sluice.app.run.StageSelector;
import io.sluice.core.run.RunId;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jenkinsci.plugins.workflow.graph.FlowNode;
import org.jenkinsci.plugins.workflow.steps.StepContext;
import org.jenkinsci.plugins.workflow.steps.StepExecution;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;

/** {@code mlRetrain pipeline: '..'}: a whole run, from data to promotion. */
@Restricted(NoExternalUse.class)
public final class RetrainStep extends RunStep {
  private String onHold = HoldPolicy.SUCCESS;
  private String label = "";

  @DataBoundConstructor
  public RetrainStep(@Nullable String pipeline) {
    super(pipeline);
  }

  public String getOnHold() {
    return onHold;
  }

  /** {@code success}, {@code unstable} or {@code failure}. */
  @DataBoundSetter
  public void setOnHold(@Nullable String onHold) {
    // the start of the step refuses an unknown one
    this.onHold = FormText.text(onHold);
  }

  public String getLabel() {
    return label;
  }

  /** What views of a pipeline show for this step. */
  @DataBoundSetter
  public void setLabel(@Nullable String label) {
    this.label = FormText.text(label);
  }

  @Override
  public StepExecution start(StepContext context) throws IOException, InterruptedException {
    HoldPolicy.check(onHold);
    StepLabel.put(context, label);
    if (isLocal()) {
      return new AgentExecution(context, request(), onHold, getTool(), null);
    }
    return new Execution(context, request(), onHold);
  }

  /** The running step. */
  static final class Execution extends ClusterExecution {
    private static final long serialVersionUID = 1L;

    /** The step's parameters; never changes. */
    private final RunRequest request;

    /** As the step's; never changes. */
    private final String onHold;

    Execution(StepContext context, RunRequest request, String onHold) {
      super(context);
      this.request = request;
      this.onHold = onHold;
    }

    @Override
    void open(BuildRuns builds, RunId run, @Nullable FilePath workspace)
        throws IOException, InterruptedException {
      builds.open(run, request, workspace, /* promotes= */ true);
    }

    @Override
    RunId run(Run<?, ?> build) {
      return identity(build).run(node());
    }

    @Override
    RunId execution(Run<?, ?> build) {
      return run(build);
    }

    @Override
    Optional<StageSelector> call() {
      return Optional.empty();
    }

    @Override
    List<String> settings(RunPlan run) {
      return List.of();
    }

    @Override
    String cluster() {
      return request.cluster();
    }

    @Override
    String onHold() {
      return onHold;
    }
  }

  /** The step's name and form. */
  @Extension
  public static final class DescriptorImpl extends RunDescriptor {
    @Override
    public String getFunctionName() {
      return "mlRetrain";
    }

    @Override
    public String getDisplayName() {
      return Messages.RetrainStep_displayName();
    }

    @Override
    public Set<? extends Class<?>> getRequiredContext() {
      return Set.of(Run.class, TaskListener.class, FlowNode.class);
    }

    public ListBoxModel doFillOnHoldItems() {
      return holds();
    }
  }
}
