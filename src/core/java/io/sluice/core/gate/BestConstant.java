package io.sluice.core.gate;

import io.sluice.core.gate.Verdict.Finding;
import io.sluice.core.task.Task;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Whether a candidate tells the rows of a table apart: whether it beats the best answer that is the
 * same for all of them.
 *
 * <p>Baselines know the training labels alone. Where these are not like the holdout's (another
 * share of positives, another mean), a model that knows nothing of any row, but happens to be
 * nearer, beats them. So a first gate also asks for proof that the candidate is better than the
 * best constant in hindsight, which no such model is expected to be (ADR 501). Against a champion
 * that has been through this, being measured better is enough.
 */
final class BestConstant {
  /** A prediction that is the same but for rounding. */
  private static final double SAME = 1e-9;

  private final Comparison comparison;
  private final HoldoutRows rows;
  private final WeightedLabels labels;
  private final Proof proof;

  BestConstant(Comparison comparison, Proof proof) {
    this.comparison = comparison;
    this.rows = comparison.rows();
    this.labels = new WeightedLabels(rows.actual(), rows.weight());
    this.proof = proof;
  }

  /** What speaks against a candidate. */
  Optional<Finding> finding(
      String candidate, Optional<String> reference, int candidates, double level) {
    if (!comparison.policy().task().tabular()
        || !comparison.metric().scored()
        || rows.size() < 2
        || comparison.unusable(candidate) > 0) {
      return Optional.empty();
    }
    if (constant(candidate)) {
      return Optional.of(constantFinding(candidate));
    }
    double[] losses = losses();
    double lost = Comparison.sum(losses);
    if (reference.isEmpty() || !Double.isFinite(lost)) {
      return Optional.empty();
    }
    Optional<Double> gain = comparison.improvement(comparison.total(candidate), lost);
    boolean better = gain.map(g -> g > 0).orElse(false);
    if (reference.get().equals(HoldoutRows.CHAMPION)) {
      return better ? Optional.empty() : Optional.of(finding(candidate, gain, Optional.empty()));
    }
    double p =
        Math.min(
            1,
            candidates
                * proof
                    .oneSided(
                        comparison.contrast(comparison.losses(candidate), losses, 1, null),
                        "constant " + candidate,
                        level / candidates)
                    .p());
    return better && Rounding.atMost(p, level)
        ? Optional.empty()
        : Optional.of(finding(candidate, gain, Optional.of(p)));
  }

  private Finding constantFinding(String candidate) {
    return new Finding(
        Reason.GUARD,
        "constant",
        Words.called(candidate)
            + " predicts "
            + spelled(Arrays.copyOf(rows.predictions(candidate), rows.width(candidate)))
            + " for every row, so it tells no row from another",
        "look at the family's features and its training: a constant needs no model");
  }

  private Finding finding(String candidate, Optional<Double> gain, Optional<Double> p) {
    boolean better = gain.map(g -> g > 0).orElse(false);
    return new Finding(
        Reason.INCONCLUSIVE,
        "bestConstant",
        better
            ? Words.called(candidate)
                + " measures "
                + Words.gain(gain)
                + " than "
                + spelled(best())
                + " for every row would have been, which chance would bring to a model that tells"
                + " no row from another in "
                + p.map(Words::chance).orElse("many")
                + " of such holdouts"
            : spelled(best())
                + " for every row would have been as good or better: "
                + Words.called(candidate)
                + " measures "
                + Words.gain(gain)
                + (gain.equals(Optional.of(0.0)) ? "" : " than that"),
        "a candidate that tells rows apart, or more rows in the holdout; or, where it is enough"
            + " that the level is right, sluice override");
  }

  private static String spelled(double[] prediction) {
    List<String> out = new ArrayList<>();
    for (double p : prediction) {
      out.add(Figures.number(p));
    }
    return out.size() == 1 ? out.getFirst() : "(" + String.join(", ", out) + ")";
  }

  private boolean constant(String candidate) {
    double[] predicted = rows.predictions(candidate);
    int width = rows.width(candidate);
    for (int i = width; i < predicted.length; i++) {
      double first = predicted[i % width];
      if (Math.abs(predicted[i] - first) > SAME * Math.max(1, Math.abs(first))) {
        return false;
      }
    }
    return true;
  }

  private double[] losses() {
    double[] best = best();
    double[] predicted = new double[rows.size() * best.length];
    Arrays.setAll(predicted, i -> best[i % best.length]);
    return comparison.metric().losses(rows.actual(), predicted, rows.weight());
  }

  /** The prediction that loses least when it is made for every row. */
  private double[] best() {
    return switch (comparison.metric()) {
      case Metric.LogLoss m -> ofClasses(labels.shares(classes()));
      case Metric.Brier m -> ofClasses(labels.shares(classes()));
      case Metric.Accuracy m -> ofClasses(labels.mostFrequent(classes()));
      case Metric.Auc m -> ofClasses(labels.shares(classes()));
      case AveragePrecision m -> ofClasses(labels.shares(classes()));
      case BalancedAccuracy m -> ofClasses(labels.mostFrequent(classes()));
      case Confusion m -> new double[] {1};
      case Metric.MeanAbsoluteError m -> new double[] {labels.quantile(0.5)};
      case Metric.WeightedAbsolutePercentageError m -> new double[] {labels.quantile(0.5)};
      case Metric.Pinball m -> new double[] {labels.quantile(m.quantile())};
      case Metric.RootMeanSquaredError m -> new double[] {labels.mean()};
      case Metric.R2 m -> new double[] {labels.mean()};
      case Metric.PoissonDeviance m -> new double[] {labels.mean()};
      case Metric.TweedieDeviance m -> new double[] {labels.mean()};
      case Metric.GivenLoss m -> throw new IllegalStateException("not computed from predictions");
    };
  }

  /** Of two classes the number of the positive one is the prediction. */
  private double[] ofClasses(double[] each) {
    return comparison.policy().task() == Task.MULTICLASS ? each : new double[] {each[1]};
  }

  private int classes() {
    return Math.max(2, rows.evaluation().classes().size());
  }
}
