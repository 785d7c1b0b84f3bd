package io.jenkins.plugins.sluice.step;

import hudson.AbortException;
import hudson.Extension;
import hudson.model.Run;
import hudson.model.TaskListener;
import io.jenkins.plugins.sluice.config.CredentialsResolver;
import io.jenkins.plugins.sluice.config.JobConfiguration;
import io.jenkins.plugins.sluice.config.RegistryConfig;
import io.jenkins.plugins.sluice.connect.Connections;
import io.jenkins.plugins.sluice.form.FormText;
import io.jenkins.plugins.sluice.pipeline.PipelineFiles;
import io.jenkins.plugins.sluice.run.BuildRuns;
import io.jenkins.plugins.sluice.run.Failures;
import io.sluice.app.Releases;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.promotion.PromotionLog;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jenkinsci.plugins.workflow.steps.Step;
import org.jenkinsci.plugins.workflow.steps.StepContext;
import org.jenkinsci.plugins.workflow.steps.StepDescriptor;
import org.jenkinsci.plugins.workflow.steps.StepExecution;
import org.jenkinsci.plugins.workflow.steps.SynchronousNonBlockingStepExecution;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;

/**
 * {@code mlRollback model: '..', reason: '..'}: makes an earlier champion champion again. A
 * person's decision: the one who started the build, by name.
 */
@Restricted(NoExternalUse.class)
public final class RollbackStep extends Step {
  private final String model;
  private final String reason;
  private String registry = "";
  private @Nullable Integer to;
  private String label = "";

  @DataBoundConstructor
  public RollbackStep(@Nullable String model, @Nullable String reason) {
    this.model = FormText.text(model);
    this.reason = FormText.text(reason);
  }

  public String getModel() {
    return model;
  }

  public String getReason() {
    return reason;
  }

  public String getRegistry() {
    return registry;
  }

  @DataBoundSetter
  public void setRegistry(@Nullable String registry) {
    this.registry = FormText.text(registry);
  }

  public @Nullable Integer getTo() {
    return to;
  }

  /** The version; null: the champion before the present one. */
  @DataBoundSetter
  public void setTo(@Nullable Integer to) {
    this.to = to;
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
    StepLabel.put(context, label);
    return new Execution(context, model, reason, registry, to);
  }

  /** Some requests to the registry; a controller that restarts meanwhile fails the step. */
  static final class Execution extends SynchronousNonBlockingStepExecution<Map<String, Object>> {
    private static final long serialVersionUID = 1L;

    private final String model;
    private final String reason;
    private final String registry;
    private final @Nullable Integer to;

    Execution(
        StepContext context, String model, String reason, String registry, @Nullable Integer to) {
      super(context);
      this.model = model;
      this.reason = reason;
      this.registry = registry;
      this.to = to;
    }

    @Override
    protected Map<String, Object> run() throws IOException, InterruptedException {
      Run<?, ?> build = getContext().get(Run.class);
      TaskListener listener = getContext().get(TaskListener.class);
      if (PipelineFiles.isPullRequest(build.getParent())) {
        throw new AbortException("a pull request rolls nothing back");
      }
      if (model.isEmpty()) {
        throw new AbortException("name the model that is rolled back");
      }
      if (reason.isBlank()) {
        throw new AbortException("a rollback needs a reason, in a person's words");
      }
      String who = new BuildRuns(build, listener).personsMayPromote();
      try {
        RegistryConfig config =
            JobConfiguration.registryToChange(build.getParent(), registry, model);
        Releases releases =
            new Releases(
                Connections.registry(
                    CredentialsResolver.registry(config, build.getParent(), Optional.of(build))),
                model);
        PromotionLog.Entry entry = releases.rollback(Optional.ofNullable(to), who, reason).entry();
        listener.getLogger().println(model + ": version " + entry.to() + " is champion again");
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("model", model);
        result.put("champion", entry.to());
        result.put("entry", entry.number());
        return result;
      } catch (SluiceException e) {
        throw Failures.of(e);
      }
    }
  }

  /** The step's name. */
  @Extension
  public static final class DescriptorImpl extends StepDescriptor {
    @Override
    public String getFunctionName() {
      return "mlRollback";
    }

    @Override
    public String getDisplayName() {
      return Messages.RollbackStep_displayName();
    }

    @Override
    public Set<? extends Class<?>> getRequiredContext() {
      return Set.of(Run.class, TaskListener.class);
    }
  }
}
