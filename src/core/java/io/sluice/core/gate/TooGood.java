package io.sluice.core.gate;

import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.evaluation.EvaluationReport.Unaudited;
import io.sluice.core.gate.Verdict.Finding;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.commons.statistics.distribution.BetaDistribution;

/**
 * Whether a candidate is so much better on the holdout than validation foretells that it must have
 * seen the holdout. What the windows have in common for everyone is taken out by the baseline that
 * was best on validation, which has learned nothing (ADR 322).
 *
 * <p>A good classifier's loss is made by a few hard rows, of which a small holdout may have none.
 * So of the rows of a table it must also be improbable that chance alone brings so few: the losses
 * are counted as events of the size that they have, and the two counts are compared as Poisson's
 * are (Przyborowski &amp; Wilenski 1940; ADR 501).
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
        .filter(share -> chance(candidate).map(p -> p <= level()).orElse(true))
        .map(share ->
            new Finding(
                Reason.GUARD,
                "tooGood",
                "the loss of "
                    + Words.called(candidate)
                    + " on the holdout is "
                    + Figures.percent(share)
                    + " of what validation foretells (the baseline "
                    + evaluation.bestBaseline().orElse("")
                    + " shows how the two differ), at least "
                    + Figures.percent(policy.get(GatePolicy.TOO_GOOD))
                    + " is believed"
                    + chance(candidate)
                        .map(p ->
                            ", and chance would bring as little in "
                                + Words.chance(p)
                                + " of such holdouts")
                        .orElse("")
                    + ": a model that is so much better there has most likely seen the"
                    + " labels that it is judged by",
                "look at what this family reads besides its inputs; or, where the figure is right,"
                    + " sluice override, or a lower guards.tooGood"));
  }

  /** Column of the best baseline, which shows how the two windows differ. */
  private String yardstick() {
    return "baseline:" + evaluation.bestBaseline().orElse("");
  }

  private double level() {
    return 1 - policy.get(GatePolicy.CONFIDENCE);
  }

  /**
   * How often chance brings as few events on the holdout, when the loss there is just what the
   * policy believes; empty of forecasts, which are judged by the share alone.
   */
  private Optional<Double> chance(String candidate) {
    HoldoutRows rows = comparison.rows();
    String baseline = yardstick();
    Optional<Double> its = validation(candidate);
    Optional<Double> baselines = validation(baseline);
    if (!policy.task().tabular() || its.isEmpty() || baselines.isEmpty()) {
      return Optional.empty();
    }
    if (loss(its.get()) <= 0) {
      return Optional.of(1.0); // nothing is foretold that could be fallen short of
    }
    Metric.Loss metric = comparison.metric();
    double own = comparison.total(candidate);
    double other = comparison.total(baseline);
    // of the mean loss of a row: rmse is the root of one
    double foretold = other * metric.factor(loss(its.get()) / loss(value(baseline)));
    double windows = metric.factor(loss(value(baseline)) / loss(baselines.get()));
    double part = evaluation.rows().validation() / (double) rows.weighted();
    double size =
        metric instanceof Metric.RowLoss
            ? Math.max(eventSize(candidate), eventSize(baseline))
            : 1.0 / Math.max(1, rarest());
    double here = metric.factor(policy.get(GatePolicy.TOO_GOOD)) * windows;
    return Comparison.figure(
        BetaDistribution.of(part * foretold / size, Math.max(0, own) / size + 1)
            .cumulativeProbability(part / (part + here)));
  }

  /** The mean size of the losses that make the loss, by unit: events of this size make it. */
  private double eventSize(String model) {
    double[] units =
        comparison
            .contrast(comparison.losses(model), new double[comparison.rows().size()], 1, null)
            .units();
    double squares = Arrays.stream(units).map(u -> u * u).sum();
    double sum = Arrays.stream(units).sum();
    return sum > 0 ? squares / sum : 0;
  }

  /** Rows of the rarest class: a positive in the wrong place costs one part of as many. */
  private long rarest() {
    HoldoutRows rows = comparison.rows();
    double[] actual =
        IntStream.range(0, rows.size())
            .filter(i -> rows.weight()[i] > 0)
            .mapToDouble(i -> rows.actual()[i])
            .toArray();
    return Arrays.stream(actual)
        .distinct()
        .mapToLong(c -> Arrays.stream(actual).filter(a -> a == c).count())
        .min()
        .orElse(1);
  }

  /** The check as one that could not be made; empty when it was, or when the policy wants none. */
  Optional<Unaudited> unaudited(String candidate) {
    if (policy.get(GatePolicy.TOO_GOOD) == 0 || share(candidate).isPresent()) {
      return Optional.empty();
    }
    return Optional.of(
        new Unaudited(
            EvaluationReport.Check.TOO_GOOD,
            "whether %s is too good on the holdout for what it does on validation"
                .formatted(Words.called(candidate)),
            evaluation.metric().equals(comparison.metric().name())
                ? "a loss of it or of the baseline on one of the two is unknown or zero"
                : "evaluate measured by " + evaluation.metric(),
            false));
  }

  /** Holdout loss in validation losses, in units of the same of the best baseline. */
  private Optional<Double> share(String candidate) {
    Optional<Double> its = ratio(candidate, validation(candidate));
    String baseline = yardstick();
    Optional<Double> baselines = ratio(baseline, validation(baseline));
    return its.flatMap(i -> baselines.filter(b -> b > 0).map(b -> i / b)).filter(Double::isFinite);
  }

  /** What evaluate measured on validation. */
  private Optional<Double> validation(String model) {
    String name = model.substring(model.indexOf(':') + 1);
    return model.startsWith("baseline:")
        ? evaluation.baselines().stream()
            .filter(b -> b.name().equals(name))
            .findFirst()
            .flatMap(EvaluationReport.Baseline::validationLoss)
        : evaluation.family(name).flatMap(EvaluationReport.Family::validationLoss);
  }

  private Optional<Double> ratio(String model, Optional<Double> onValidation) {
    HoldoutRows rows = comparison.rows();
    if (onValidation.isEmpty()
        || !evaluation.metric().equals(comparison.metric().name())
        || !rows.has(model)
        || comparison.unusable(model) > 0) {
      return Optional.empty();
    }
    double ratio = loss(value(model)) / loss(onValidation.get());
    if (policy.task().tabular()) {
      // a table may well have no hard row: none on validation foretells nothing less
      return loss(onValidation.get()) <= 0
          ? Optional.of(1.0)
          : Optional.of(ratio).filter(Double::isFinite);
    }
    return Double.isFinite(ratio) && ratio > 0 ? Optional.of(ratio) : Optional.empty();
  }

  private double value(String model) {
    HoldoutRows rows = comparison.rows();
    return comparison.metric().value(rows.actual(), rows.predictions(model), rows.weight());
  }

  /** A score of 1 loses nothing. */
  private double loss(double value) {
    return comparison.metric().direction() == Direction.MAXIMIZE ? 1 - value : value;
  }
}
