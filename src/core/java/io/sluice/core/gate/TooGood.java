package io.sluice.core.gate;

import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.evaluation.EvaluationReport.Unaudited;
import io.sluice.core.gate.Verdict.Finding;
import java.util.Optional;

/**
 * Whether a candidate is so much better on the holdout than validation foretells that it must have
 * seen the holdout. What the windows have in common for everyone is taken out by the baseline that
 * was best on validation, which has learned nothing (ADR 322).
 */
final class TooGood {
  private final Comparison comparison;
  private final EvaluationReport evaluation;
  private final GatePolicy policy;

  TooGood(Comparison comparison) {
    this.comparison = comparison;
    this.evaluation = comparison.rows().evaluation();
    this.policy = comparison.policy();
  }

  /** Speaks against a candidate. */
  Optional<Finding> finding(String candidate) {
    return share(candidate)
        .filter(share -> share < policy.get(GatePolicy.TOO_GOOD))
        .map(share ->
            new Finding(
                Reason.GUARD,
                "tooGood",
                "the loss of "
                    + Words.called(candidate)
                    + " on the holdout is "
                    + Figures.percent(share)
                    + " of what validation foretells (the baseline "
                    + evaluation.bestBaseline()
                    + " shows how the two windows differ), at least "
                    + Figures.percent(policy.get(GatePolicy.TOO_GOOD))
                    + " is believed: a model that is so much better there has most likely seen the"
                    + " labels that it is judged by",
                "look at what this family reads besides its inputs; or, where the figure is right,"
                    + " sluice override, or a lower guards.tooGood"));
  }

  /** The check as one that could not be made; empty when it was, or when the policy wants none. */
  Optional<Unaudited> unaudited(String candidate) {
    if (policy.get(GatePolicy.TOO_GOOD) == 0 || share(candidate).isPresent()) {
      return Optional.empty();
    }
    return Optional.of(
        new Unaudited(
            EvaluationReport.Check.TRAINING,
            "whether %s is too good on the holdout for what it does on validation"
                .formatted(Words.called(candidate)),
            evaluation.metric().equals(comparison.metric().name())
                ? "a loss of it or of the baseline on one of the two is unknown or zero"
                : "evaluate measured by " + evaluation.metric(),
            false));
  }

  /** Holdout loss in validation losses, in units of the same of the best baseline. */
  private Optional<Double> share(String candidate) {
    Optional<Double> its =
        ratio(
            candidate,
            evaluation
                .family(candidate.substring(candidate.indexOf(':') + 1))
                .flatMap(EvaluationReport.Family::validationLoss));
    Optional<Double> baselines =
        ratio(
            "baseline:" + evaluation.bestBaseline(),
            evaluation.baselines().stream()
                .filter(b -> b.name().equals(evaluation.bestBaseline()))
                .findFirst()
                .flatMap(EvaluationReport.Baseline::validationLoss));
    return its.flatMap(i -> baselines.map(b -> i / b)).filter(Double::isFinite);
  }

  private Optional<Double> ratio(String model, Optional<Double> onValidation) {
    HoldoutRows rows = comparison.rows();
    if (onValidation.isEmpty()
        || !evaluation.metric().equals(comparison.metric().name())
        || !rows.has(model)
        || comparison.unusable(model) > 0) {
      return Optional.empty();
    }
    double holdout =
        comparison.metric().value(rows.actual(), rows.predictions(model), rows.weight());
    double ratio = loss(holdout) / loss(onValidation.get());
    return Double.isFinite(ratio) && ratio > 0 ? Optional.of(ratio) : Optional.empty();
  }

  /** A score of 1 loses nothing. */
  private double loss(double value) {
    return comparison.metric().direction() == Direction.MAXIMIZE ? 1 - value : value;
  }
}
