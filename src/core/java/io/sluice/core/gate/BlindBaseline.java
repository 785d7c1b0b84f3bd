package io.sluice.core.gate;

import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.gate.Verdict.Finding;
import java.util.Arrays;
import java.util.Optional;

/**
 * Says whether a first gate could have failed: whether the baseline that a candidate has to beat
 * had anything to go by. Against a constant any model wins that knows the mean (ADR 311).
 */
final class BlindBaseline {
  /** Of the holdout's rows: from more than this share on the baselines are blind. */
  private static final double MOST = 0.5;

  private static final String CODE = "baseline";
  private static final String LIFT =
      "units whose earlier labels are in the panel, so that a baseline has something to learn from;"
          + " or a person who has looked at the figures: sluice override";

  private BlindBaseline() {}

  /** What is wrong with the reference of a first run, if anything is. */
  static Optional<Finding> finding(HoldoutRows rows, String reference) {
    EvaluationReport.Rows counted = rows.evaluation().rows();
    long blind = counted.withoutHistory().orElse(0L);
    if (blind > MOST * counted.holdout()) {
      return Optional.of(
          new Finding(
              Reason.INSUFFICIENT,
              CODE,
              "the baselines are blind: "
                  + blind
                  + " of "
                  + counted.holdout()
                  + " holdout rows belong to units without any label before, for which each of them"
                  + " forecasts 0, so that any model that knows the mean beats "
                  + Words.called(reference),
              LIFT));
    }
    if (rows.size() > 0
        && constant(rows, reference)
        && rows.models().stream()
            .filter(model -> model.startsWith("baseline:"))
            .allMatch(other -> constant(rows, other))) {
      return Optional.of(
          new Finding(
              Reason.INSUFFICIENT,
              CODE,
              Words.called(reference)
                  + " forecasts "
                  + Figures.number(rows.predictions(reference)[0])
                  + " for every row, and no other baseline does better, so that any model that"
                  + " knows the mean beats it",
              "baselines that follow each unit, such as movingAverage, in the evaluate stage; "
                  + LIFT));
    }
    return Optional.empty();
  }

  private static boolean constant(HoldoutRows rows, String model) {
    double[] predictions = rows.predictions(model);
    return Arrays.stream(predictions).allMatch(p -> p == predictions[0]);
  }
}
