package io.jenkins.plugins.sluice.page;

import hudson.model.Run;
import io.sluice.app.picture.Trend;
import io.sluice.app.run.RunSummary;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/**
 * A run as pages show it: texts, ready to be escaped. In {@code /api/json} a build has the
 * decision, its reason, and the versions as numbers.
 */
@Restricted(NoExternalUse.class)
@ExportedBean(defaultVisibility = 3)
public final class RunView {
  private final Run<?, ?> build;
  private final RunSummary summary;
  private final String page;

  RunView(Run<?, ?> build, RunSummary summary, String page) {
    this.build = build;
    this.summary = summary;
    this.page = page;
  }

  /** The registry's page of the version; empty: none, or none that a browser should be sent to. */
  public String getPage() {
    return page.startsWith("https://") || page.startsWith("http://") ? page : "";
  }

  /** A line of a table. */
  public record Line(String name, String value, String note) {
    public String getName() {
      return name;
    }

    public String getValue() {
      return value;
    }

    public String getNote() {
      return note;
    }
  }

  public String getBuildName() {
    return build.getDisplayName();
  }

  public String getBuildUrl() {
    return build.getUrl();
  }

  @Exported
  public String getModel() {
    return summary.model();
  }

  @Exported
  public String getRun() {
    return summary.run();
  }

  /** {@code PROMOTE}, {@code HOLD (worse)}, or how a run ended that got to no verdict. */
  public String getVerdict() {
    return summary
        .verdict()
        .map(v -> v + summary.reason().map(r -> " (" + r + ")").orElse(""))
        .orElse(summary.status());
  }

  /** {@code PROMOTE} or {@code HOLD}; empty without a verdict. */
  @Exported(name = "verdict")
  public String getDecision() {
    return summary.verdict().orElse("");
  }

  /** Why it was held, in a word of the gate; empty when it was not. */
  @Exported
  public String getReason() {
    return summary.reason().orElse("");
  }

  /** {@code succeeded}, {@code failed}, {@code cancelled}, .. */
  @Exported
  public String getStatus() {
    return summary.status();
  }

  @Exported(name = "version")
  public @Nullable Integer getVersionNumber() {
    return summary.version().orElse(null);
  }

  @Exported(name = "promoted")
  public @Nullable Integer getPromotedNumber() {
    return summary.promoted().orElse(null);
  }

  @Exported(name = "champion")
  public @Nullable Integer getChampionNumber() {
    return summary.champion().orElse(null);
  }

  Trend.Point point() {
    return new Trend.Point(
        getBuildName(), summary.candidateValue(), summary.championValue(), isPromoted());
  }

  public boolean isPromoted() {
    return summary.promoted().isPresent();
  }

  public String getImprovement() {
    return summary.improvement().map(RunView::percent).orElse("");
  }

  public String getMetric() {
    return summary.metric();
  }

  public String getCandidate() {
    return summary.family().orElse("");
  }

  public String getVersion() {
    return summary.version().map(v -> Integer.toString(v)).orElse("");
  }

  public String getPromotedVersion() {
    return summary.promoted().map(v -> Integer.toString(v)).orElse("");
  }

  public String getChampion() {
    return summary.champion().map(v -> Integer.toString(v)).orElse("");
  }

  public String getDrift() {
    return summary.drift().orElse("");
  }

  public String getDriftReason() {
    return summary.driftReason();
  }

  public boolean isNeedsReview() {
    return summary.needsReview();
  }

  public List<String> getSentences() {
    return summary.sentences();
  }

  /** The model and, once there is one, its new version. */
  public String getTitle() {
    return getModel()
        + (getVersion().isEmpty() ? "" : " " + Messages.RunView_version(getVersion()));
  }

  public boolean isPromote() {
    return getDecision().equals("PROMOTE");
  }

  /** The verdict in one sentence; empty without one. */
  public String getHeadline() {
    return getSentences().isEmpty() ? "" : getSentences().getFirst();
  }

  /** What the verdict rests on. */
  public List<String> getExplanation() {
    List<String> all = getSentences();
    return all.isEmpty() ? all : all.subList(1, all.size());
  }

  /** {@code 0.3095, the champion's 0.3401 (+9.0%)}. */
  public String getComparison() {
    return getChampionFigure().isEmpty()
        ? Messages.RunView_alone(getCandidateFigure(), getImprovement())
        : Messages.RunView_against(getCandidateFigure(), getChampionFigure(), getImprovement());
  }

  /** On the holdout: candidates, then the champion, then baselines. */
  public List<Line> getModels() {
    return summary.models().stream()
        .sorted(Comparator.comparingInt(r -> rank(r.name())))
        .map(r ->
            new Line(r.name().replace(":", ": "), r.value().map(RunView::figure).orElse(""), ""))
        .toList();
  }

  private static int rank(String model) {
    return model.startsWith("candidate") ? 0 : model.equals("champion") ? 1 : 2;
  }

  public List<Line> getSlices() {
    return summary.slices().stream()
        .map(r ->
            new Line(
                r.name(),
                r.improvement().map(RunView::percent).orElse(""),
                r.regression() ? Messages.RunView_regression() : ""))
        .toList();
  }

  /**
   * A family that took part.
   *
   * @param trials how many, and what a warm start saved
   * @param remark whether the verdict is about it, or why it was lost or left out
   */
  public record FamilyLine(
      String name, String version, String validationLoss, String trials, String remark) {
    public String getName() {
      return name;
    }

    public String getVersion() {
      return version;
    }

    public String getValidationLoss() {
      return validationLoss;
    }

    public String getTrials() {
      return trials;
    }

    public String getRemark() {
      return remark;
    }
  }

  public List<FamilyLine> getFamilies() {
    return summary.families().stream()
        .map(f ->
            new FamilyLine(
                f.name(),
                f.version().map(v -> Integer.toString(v)).orElse(""),
                f.validationLoss().map(RunView::figure).orElse(""),
                f.trials().map(t -> Integer.toString(t)).orElse("")
                    + f.savedTrials()
                        .map(s -> String.format(Locale.ROOT, " (%.0f%% saved)", s * 100))
                        .orElse(""),
                f.picked() && f.cause().isEmpty() ? Messages.RunView_picked() : f.cause()))
        .toList();
  }

  public String getCandidateFigure() {
    return summary.candidateValue().map(RunView::figure).orElse("");
  }

  public String getChampionFigure() {
    return summary.championValue().map(RunView::figure).orElse("");
  }

  static String percent(double share) {
    return String.format(Locale.ROOT, "%+.1f%%", share * 100);
  }

  private static String figure(double value) {
    return String.format(Locale.ROOT, "%.4g", value);
  }
}
