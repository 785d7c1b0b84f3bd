package io.jenkins.plugins.sluice.step;

import hudson.AbortException;
import hudson.FilePath;
import hudson.model.Run;
import hudson.model.TaskListener;
import hudson.util.FormValidation;
import io.jenkins.plugins.sluice.agent.AgentStage;
import io.jenkins.plugins.sluice.form.FormText;
import io.jenkins.plugins.sluice.run.BuildRuns;
import io.sluice.app.run.RunPlan;
import io.sluice.app.run.StageSelector;
import io.sluice.core.run.RunId;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jenkinsci.plugins.workflow.graph.FlowNode;
import org.jenkinsci.plugins.workflow.steps.StepContext;
import org.jenkinsci.plugins.workflow.steps.StepDescriptor;
import org.jenkinsci.plugins.workflow.steps.StepExecution;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/** A stage of a run, inside {@code mlPipeline}, with the stages that it needs and lacks. */
@Restricted(NoExternalUse.class)
public abstract class StageStep extends SettingsStep {
  private String label = "";

  public String getLabel() {
    return label;
  }

  /** What views of a pipeline show for this step. */
  @DataBoundSetter
  public void setLabel(@Nullable String label) {
    this.label = FormText.text(label);
  }

  abstract StageSelector call();

  /** How many trials a search has; empty: as the run says. */
  @Nullable Integer trials() {
    return null;
  }

  String onHold() {
    return HoldPolicy.SUCCESS;
  }

  /** Refuses wrong parameters, by an error of the build. */
  void check() throws AbortException {}

  @Override
  public final StepExecution start(StepContext context) throws Exception {
    check();
    List<String> changes = checkedSet();
    StepLabel.put(context, label);
    StageSelector call = call();
    RunContext block = context.get(RunContext.class);
    Optional<RunContext.OnAgent> here =
        block == null ? Optional.empty() : block.onAgent(); // null: reported when the step begins
    if (here.isPresent()) {
      return new AgentExecution(
          context,
          here.get().request,
          onHold(),
          here.get().tool,
          new AgentStage(block.run(), call, changes, trials()));
    }
    return new Execution(context, call.kind().name(), call.name(), changes, trials(), onHold());
  }

  /** The running step. */
  static final class Execution extends ClusterExecution {
    private static final long serialVersionUID = 1L;

    /** Name of a {@link StageSelector.Kind}; never changes. */
    private final String kind;

    /** The call's name; never changes. */
    private final String name;

    /** As the step's; never changes. */
    private final ArrayList<String> set;

    /** As the step's; never changes. */
    private final @Nullable Integer trials;

    /** As the step's; never changes. */
    private final String onHold;

    /** From the block around it; set once at the start. */
    private String run = "";

    /** From the block around it; set once at the start. */
    private String cluster = "";

    Execution(
        StepContext context,
        String kind,
        String name,
        List<String> set,
        @Nullable Integer trials,
        String onHold) {
      super(context);
      this.kind = kind;
      this.name = name;
      this.set = new ArrayList<>(set);
      this.trials = trials;
      this.onHold = onHold;
    }

    @Override
    void readContext() throws IOException, InterruptedException {
      RunContext block = getContext().get(RunContext.class);
      run = block.run();
      cluster = block.cluster();
    }

    @Override
    void open(BuildRuns builds, RunId id, @Nullable FilePath workspace) {
      // the block around it did
    }

    @Override
    RunId run(Run<?, ?> build) {
      return new RunId(run);
    }

    @Override
    RunId execution(Run<?, ?> build) {
      return identity(build).execution(node());
    }

    @Override
    Optional<StageSelector> call() {
      return Optional.of(new StageSelector(name, StageSelector.Kind.valueOf(kind)));
    }

    @Override
    List<String> settings(RunPlan staged) {
      List<String> all = new ArrayList<>(set);
      if (trials != null) {
        all.addAll(staged.settingsOf(call().orElseThrow(), "trials", Integer.toString(trials)));
      }
      return all;
    }

    @Override
    String cluster() {
      return cluster;
    }

    @Override
    String onHold() {
      return onHold;
    }
  }

  /** What the descriptors of stages have in common. */
  abstract static class StageDescriptor extends StepDescriptor {
    private final String function;

    StageDescriptor(String function) {
      this.function = function;
    }

    /** A form's check of settings. */
    @POST
    public FormValidation doCheckSettings(@QueryParameter String value) {
      return FormText.settings(value);
    }

    @Override
    public String getFunctionName() {
      return function;
    }

    @Override
    public Set<? extends Class<?>> getRequiredContext() {
      return Set.of(Run.class, TaskListener.class, FlowNode.class, RunContext.class);
    }
  }
}
