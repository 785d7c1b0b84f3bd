package io.jenkins.plugins.sluice.step;

import hudson.AbortException;
import io.jenkins.plugins.sluice.form.FormText;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jenkinsci.plugins.workflow.steps.Step;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.DataBoundSetter;

/** A step that changes values of the spec: {@code set: ['PATH=VALUE']}. */
@Restricted(NoExternalUse.class)
public abstract class SettingsStep extends Step {
  private List<@Nullable String> set = new ArrayList<>();

  /** Null in it is an unset variable of the Jenkinsfile, which {@link #checkedSet} refuses. */
  public List<@Nullable String> getSet() {
    return Collections.unmodifiableList(new ArrayList<>(set));
  }

  /** The settings, once the step begins. */
  final List<String> checkedSet() throws AbortException {
    for (int i = 0; i < set.size(); i++) {
      if (set.get(i) == null) {
        throw new AbortException(
            "set: entry "
                + (i + 1)
                + " of "
                + set.size()
                + " is null: each is a text PATH=VALUE, so a variable of the Jenkinsfile is not set");
      }
    }
    return set.stream().filter(Objects::nonNull).toList();
  }

  /** {@code PATH=VALUE}: of {@code mlPipeline} for the run, of a stage from this stage on. */
  @DataBoundSetter
  public void setSet(@Nullable List<@Nullable String> set) {
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
    return set.stream().filter(Objects::nonNull).collect(Collectors.joining("\n"));
  }
}
