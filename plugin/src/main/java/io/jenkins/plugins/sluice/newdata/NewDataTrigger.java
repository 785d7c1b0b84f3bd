package io.jenkins.plugins.sluice.newdata;

import hudson.AbortException;
import hudson.Extension;
import hudson.model.Action;
import hudson.model.Computer;
import hudson.model.Item;
import hudson.model.Job;
import hudson.scheduler.CronTabList;
import hudson.scheduler.Hash;
import hudson.triggers.Trigger;
import hudson.triggers.TriggerDescriptor;
import hudson.util.FormValidation;
import io.jenkins.plugins.sluice.form.FormAccess;
import io.jenkins.plugins.sluice.form.FormText;
import io.jenkins.plugins.sluice.pipeline.PipelineFiles;
import io.jenkins.plugins.sluice.pipeline.RunRequest;
import io.jenkins.plugins.sluice.run.Failures;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import jenkins.model.ParameterizedJobMixIn;
import jenkins.util.Timer;
import org.jenkinsci.Symbol;
import org.jenkinsci.plugins.structs.describable.CustomDescribableModel;
import org.jenkinsci.plugins.structs.describable.UninstantiatedDescribable;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.AncestorInPath;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/**
 * {@code mlNewData(spec: '..', schedule: 'H * * * *')}: starts a build when the fingerprint of a
 * data source is one that was not seen before. What is known of the source is kept with the job,
 * not here: a declarative pipeline makes its triggers anew in every build.
 */
@Restricted(NoExternalUse.class)
public final class NewDataTrigger extends Trigger<Job<?, ?>> {
  private static final int SECONDS_AFTER_START = 60;

  /** The pipeline's spec: the superclass keeps the schedule under the name {@code spec}. */
  private String file;

  private String source = "";
  private String cluster = "";
  private String profile = "";

  @DataBoundConstructor
  public NewDataTrigger(@Nullable String spec, @Nullable String schedule) {
    super(given(schedule, "schedule: 'H * * * *'"));
    this.file = given(spec, "spec: 'pipelines/rma-forecast/sluice.yaml'").strip();
  }

  /** Stapler does not check that both are given. An empty schedule means never. */
  private static String given(@Nullable String parameter, String example) {
    if (parameter == null) {
      throw new IllegalArgumentException("mlNewData takes " + example + ", say");
    }
    return parameter;
  }

  /** Path of the spec in the repository, or of the folder that it is in. */
  public String getFile() {
    return file;
  }

  /**
   * The same as {@code spec} of the constructor, whose getter is the superclass's and final: by
   * this name the snippet generator reads it, see {@link DescriptorImpl}.
   */
  @DataBoundSetter
  public void setFile(@Nullable String file) {
    this.file = FormText.text(file);
  }

  /** A cron expression, with {@code H}. */
  public String getSchedule() {
    return getSpec();
  }

  public String getSource() {
    return source;
  }

  @DataBoundSetter
  public void setSource(@Nullable String source) {
    this.source = FormText.text(source);
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

  @Override
  public void start(Job<?, ?> project, boolean newInstance) {
    super.start(project, newInstance);
    if (!newInstance) {
      // a check that was under way when Jenkins went down is followed without waiting for its turn
      Failures.unawaited(
          Timer.get()
              .schedule(
                  () -> inBackground(project, /* onlyIfGoing= */ true),
                  SECONDS_AFTER_START,
                  TimeUnit.SECONDS));
    }
  }

  /** Called by the timer, which is not held up. */
  @Override
  public void run() {
    Job<?, ?> mine = job;
    if (mine != null) {
      inBackground(mine, /* onlyIfGoing= */ false);
    }
  }

  private void inBackground(Job<?, ?> watched, boolean onlyIfGoing) {
    Computer.threadPoolForRemoting.execute(() -> new NewDataWatch(watched, this).look(onlyIfGoing));
  }

  @Override
  public Collection<? extends Action> getProjectActions() {
    Job<?, ?> mine = job;
    return mine == null ? List.of() : List.of(new NewDataAction(mine, this));
  }

  /** Folder and file name that a path means. */
  static RunRequest request(String path, String cluster, String profile) throws AbortException {
    String clean = PipelineFiles.clean(path);
    int slash = clean.lastIndexOf('/');
    String name = clean.substring(slash + 1);
    boolean isFile = name.endsWith(".yaml") || name.endsWith(".yml");
    return new RunRequest(
        isFile ? (slash < 0 ? "" : clean.substring(0, slash)) : clean,
        isFile ? name : "sluice.yaml",
        cluster,
        profile,
        List.of(),
        "");
  }

  /** The trigger's name and form. */
  @Extension
  @Symbol("mlNewData")
  public static final class DescriptorImpl extends TriggerDescriptor
      implements CustomDescribableModel {
    /** Writes {@code spec} as a Jenkinsfile has it, instead of the superclass's schedule. */
    @Override
    public UninstantiatedDescribable customUninstantiate(UninstantiatedDescribable ud) {
      return ud.withArguments(written(ud.getArguments()));
    }

    static Map<String, Object> written(Map<String, ?> arguments) {
      Map<String, Object> out = new TreeMap<>(arguments);
      Object file = out.remove("file");
      if (file != null) {
        out.put("spec", file);
      }
      return out;
    }

    @Override
    public boolean isApplicable(Item item) {
      return item instanceof Job && item instanceof ParameterizedJobMixIn.ParameterizedJob;
    }

    @Override
    public String getDisplayName() {
      return Messages.NewDataTrigger_displayName();
    }

    /** A form's check of the spec's path. */
    @POST
    public FormValidation doCheckSpec(
        @AncestorInPath @Nullable Item item, @QueryParameter String value) {
      FormAccess.checkMayConfigure(item);
      try {
        request(value, "", "");
        return value.isBlank()
            ? FormValidation.error(Messages.NewDataTrigger_noSpec())
            : FormValidation.ok();
      } catch (AbortException e) {
        return FormValidation.error(String.valueOf(e.getMessage()));
      }
    }

    /** A form's check of the schedule. */
    @POST
    public FormValidation doCheckSchedule(
        @AncestorInPath @Nullable Item item, @QueryParameter String value) {
      FormAccess.checkMayConfigure(item);
      try {
        CronTabList tabs =
            CronTabList.create(value, Hash.from(item == null ? "" : item.getFullName()));
        String doubt = tabs.checkSanity();
        return doubt == null ? FormValidation.ok() : FormValidation.warning(doubt);
      } catch (IllegalArgumentException e) {
        return FormValidation.error(String.valueOf(e.getMessage()));
      }
    }
  }
}
