package io.jenkins.plugins.sluice.step;

import io.jenkins.plugins.sluice.form.FormText;
import java.util.ArrayList;
import java.util.List;
import org.jenkinsci.plugins.workflow.steps.Step;
import org.jspecify.annotations.Nullable;
import org.kohsuke.stapler.DataBoundSetter;

/** A step that changes values of the spec: {@code set: ['PATH=VALUE']}. */
public abstract class SettingsStep extends Step {
  private List<String> set = new ArrayList<>();

  public List<String> getSet() {
    return List.copyOf(set);
  }

  /** {@code PATH=VALUE}: of {@code mlPipeline} for the run, of a stage from this stage on. */
  @DataBoundSetter
  public void setSet(@Nullable List<String> set) {
    this.set = set == null ? new ArrayList<>() : new ArrayList<>(set);
  }

  /** The same as {@code set}, one {@code PATH=VALUE} a line, for forms. */
  @DataBoundSetter
  public void setSettings(@Nullable String settings) {
    List<String> lines = FormText.lines(settings);
    if (!lines.isEmpty()) {
      this.set = new ArrayList<>(lines);
    }
  }

  /** Empty: a generated Jenkinsfile has the settings as {@code set}. */
  public String getSettings() {
    return "";
  }

  /** The settings as the form shows them. */
  public String getSetText() {
    return String.join("\n", set);
  }
}
