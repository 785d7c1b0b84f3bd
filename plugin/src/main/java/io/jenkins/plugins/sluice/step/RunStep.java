package io.jenkins.plugins.sluice.step;

import hudson.AbortException;
import hudson.util.FormValidation;
import hudson.util.ListBoxModel;
import io.jenkins.plugins.sluice.form.FormText;
import io.jenkins.plugins.sluice.pipeline.PipelineFiles;
import io.jenkins.plugins.sluice.pipeline.RunRequest;
import org.jenkinsci.plugins.workflow.steps.StepDescriptor;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/** A step that opens a run: its parameters. */
@Restricted(NoExternalUse.class)
public abstract class RunStep extends SettingsStep {
  private static final String ON_CLUSTER = "cluster";
  private static final String ON_AGENT = "local";

  private final String pipeline;
  private String spec = "sluice.yaml";
  private String cluster = "";
  private String profile = "";
  private String asOf = "";
  private String runner = ON_CLUSTER;
  private String tool = "";

  RunStep(@Nullable String pipeline) {
    this.pipeline = FormText.text(pipeline);
  }

  public String getPipeline() {
    return pipeline;
  }

  public String getSpec() {
    return spec;
  }

  @DataBoundSetter
  public void setSpec(@Nullable String spec) {
    String given = FormText.text(spec);
    this.spec = given.isEmpty() ? "sluice.yaml" : given;
  }

  public String getCluster() {
    return cluster;
  }

  @DataBoundSetter
  public void setCluster(@Nullable String cluster) {
    this.cluster = FormText.text(cluster);
  }

  public String getProfile() {
    return profile;
  }

  @DataBoundSetter
  public void setProfile(@Nullable String profile) {
    this.profile = FormText.text(profile);
  }

  public String getAsOf() {
    return asOf;
  }

  @DataBoundSetter
  public void setAsOf(@Nullable String asOf) {
    this.asOf = FormText.text(asOf);
  }

  public String getRunner() {
    return runner;
  }

  /** {@code cluster}, or {@code local}: the command line on the agent. */
  @DataBoundSetter
  public void setRunner(@Nullable String runner) {
    // the start of the step refuses an unknown one
    this.runner = FormText.text(runner);
  }

  public String getTool() {
    return tool;
  }

  /** Name of an installation of Sluice, for {@code runner: 'local'}. */
  @DataBoundSetter
  public void setTool(@Nullable String tool) {
    this.tool = FormText.text(tool);
  }

  /** Whether it runs by the command line on the agent. */
  boolean isLocal() throws AbortException {
    if (!runner.equals(ON_CLUSTER) && !runner.equals(ON_AGENT)) {
      throw new AbortException("runner is cluster or local, not " + runner);
    }
    return runner.equals(ON_AGENT);
  }

  /** Only some callers check that a parameter without a default is there. */
  RunRequest request() throws AbortException {
    if (pipeline.isEmpty()) {
      throw new AbortException(
          "name the pipeline's folder: pipeline: 'pipelines/rma-forecast', say; the repository's"
              + " root is '.'");
    }
    return new RunRequest(pipeline, spec, cluster, profile, checkedSet(), asOf);
  }

  static ListBoxModel holds() {
    ListBoxModel list = new ListBoxModel();
    list.add(Messages.HoldPolicy_success(), HoldPolicy.SUCCESS);
    list.add(Messages.HoldPolicy_unstable(), HoldPolicy.UNSTABLE);
    list.add(Messages.HoldPolicy_failure(), HoldPolicy.FAILURE);
    return list;
  }

  /** What the forms of steps that open a run have in common. */
  public abstract static class RunDescriptor extends StepDescriptor {
    public ListBoxModel doFillRunnerItems() {
      ListBoxModel list = new ListBoxModel();
      list.add(Messages.RunStep_onCluster(), ON_CLUSTER);
      list.add(Messages.RunStep_onAgent(), ON_AGENT);
      return list;
    }

    /** A form's check of settings. */
    @POST
    public FormValidation doCheckSettings(@QueryParameter String value) {
      return FormText.settings(value);
    }

    /** A form's check of the pipeline's folder. */
    @POST
    public FormValidation doCheckPipeline(@QueryParameter String value) {
      try {
        PipelineFiles.clean(value);
        return FormValidation.ok();
      } catch (AbortException e) {
        return FormValidation.error(String.valueOf(e.getMessage()));
      }
    }
  }
}
