package io.jenkins.plugins.sluice.agent;

import io.sluice.app.run.StageSelector;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/** A stage that the command line is to run as a part of a run, as it is kept with the step. */
@Restricted(NoExternalUse.class)
public final class AgentStage implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Id of the run. */
  private final String run;

  /** As {@link StageSelector#parse} reads it. */
  private final String stage;

  /** How many trials a search has; null: as the run says. */
  private final @Nullable Integer trials;

  /** {@code PATH=VALUE}, from this stage on. */
  private final ArrayList<String> changes;

  public AgentStage(
      String run, StageSelector call, List<String> changes, @Nullable Integer trials) {
    this.run = run;
    this.stage = call.text();
    this.changes = new ArrayList<>(changes);
    this.trials = trials;
  }

  public String run() {
    return run;
  }

  public String stage() {
    return stage;
  }

  public @Nullable Integer trials() {
    return trials;
  }

  List<String> changes() {
    return List.copyOf(changes);
  }

  public StageSelector.Kind kind() {
    return StageSelector.parse(stage).kind();
  }
}
