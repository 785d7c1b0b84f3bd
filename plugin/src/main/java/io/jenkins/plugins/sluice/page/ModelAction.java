package io.jenkins.plugins.sluice.page;

import hudson.Extension;
import hudson.model.Action;
import hudson.model.Job;
import hudson.model.Run;
import io.sluice.app.picture.Trend;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/** The model of a job: its runs over the builds, newest first. */
@Restricted(NoExternalUse.class)
public final class ModelAction implements Action {
  private static final int BUILDS = 30;

  private final Job<?, ?> job;

  ModelAction(Job<?, ?> job) {
    this.job = job;
  }

  public Job<?, ?> getJob() {
    return job;
  }

  /** The runs of the last builds. */
  public List<RunView> getRuns() {
    List<RunView> out = new ArrayList<>();
    Run<?, ?> build = job.getLastBuild();
    for (int i = 0; build != null && i < BUILDS; i++) {
      RunAction action = build.getAction(RunAction.class);
      if (action != null) {
        out.addAll(action.getRuns());
      }
      build = build.getPreviousBuild();
    }
    return List.copyOf(out);
  }

  /** The last run among those of the last builds; reads no build before it. */
  Optional<RunView> newest() {
    Run<?, ?> build = job.getLastBuild();
    for (int i = 0; build != null && i < BUILDS; i++) {
      RunAction action = build.getAction(RunAction.class);
      List<RunView> runs = action == null ? List.of() : action.getRuns();
      if (!runs.isEmpty()) {
        return Optional.of(runs.getLast());
      }
      build = build.getPreviousBuild();
    }
    return Optional.empty();
  }

  /** The trend over these runs as SVG, every text in it escaped; empty when there is none. */
  public String getTrend() {
    return trend(getRuns());
  }

  /** Runs of the newest run's model and metric: figures of others are not to be compared. */
  static String trend(List<RunView> newestFirst) {
    if (newestFirst.isEmpty()) {
      return "";
    }
    RunView newest = newestFirst.getFirst();
    String metric =
        newestFirst.stream()
            .map(RunView::getMetric)
            .filter(m -> !m.isEmpty())
            .findFirst()
            .orElse("");
    List<Trend.Point> points =
        newestFirst.reversed().stream()
            .filter(r -> r.getModel().equals(newest.getModel()) && r.getMetric().equals(metric))
            .map(RunView::point)
            .toList();
    return new Trend(metric, points).svg().orElse("");
  }

  @Override
  public String getIconFileName() {
    return "symbol-trending-up-outline plugin-ionicons-api";
  }

  @Override
  public String getDisplayName() {
    return Messages.ModelAction_displayName();
  }

  @Override
  public String getUrlName() {
    return "sluice-model";
  }

  /** Gives the page to jobs that had a run, also when their last build failed before its own. */
  @Extension
  public static final class Factory extends JobActionFactory {
    public Factory() {
      super(
          ModelAction.class,
          job -> RunsOfJob.any(job) ? Optional.of(new ModelAction(job)) : Optional.empty());
    }
  }
}
