package io.sluice.core.gate;

import io.sluice.core.gate.Verdict.Finding;
import java.util.Locale;
import java.util.Optional;

/** Conditions that no promotion may break, whatever the test says: bias and drift. */
final class Guards {
  private final Comparison comparison;
  private final GatePolicy policy;

  Guards(Comparison comparison) {
    this.comparison = comparison;
    this.policy = comparison.policy();
  }

  /** Of the data. A first run has nothing that today's data could have drifted from. */
  Optional<Finding> drift() {
    HoldoutRows rows = comparison.rows();
    return DriftRule.finding(
        rows.context().drift(), rows.has(HoldoutRows.CHAMPION), policy.get(GatePolicy.ON_DRIFT));
  }

  /** Of a candidate. */
  Optional<Finding> bias(String candidate, String reference) {
    double bias = comparison.bias(candidate);
    if (Double.isNaN(bias) || Rounding.atMost(Math.abs(bias), policy.get(GatePolicy.BIAS))) {
      return Optional.empty();
    }
    boolean champion = reference.equals(HoldoutRows.CHAMPION);
    double allowed =
        champion
            ? Math.max(
                policy.get(GatePolicy.BIAS),
                Math.abs(comparison.bias(reference)) + policy.get(GatePolicy.BIAS_SLACK))
            : policy.get(GatePolicy.BIAS);
    if (Rounding.atMost(Math.abs(bias), allowed)) {
      return Optional.empty();
    }
    return Optional.of(
        new Finding(
            Reason.GUARD,
            "bias",
            "forecasts are "
                + Figures.percent(Math.abs(bias))
                + (bias < 0 ? " too low" : " too high")
                + " in total (bias "
                + Figures.signed(bias)
                + ", allowed "
                + String.format(Locale.ROOT, "%.2f", allowed)
                + (champion
                    ? "; the champion's is " + Figures.signed(comparison.bias(reference))
                    : "")
                + ")",
            "a candidate that gets the total right: scale its output on validation, or train it on"
                + " an objective whose mean is unbiased; or a wider guards.bias"));
  }
}
