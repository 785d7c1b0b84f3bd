package io.sluice.core.gate;

import io.sluice.core.gate.Verdict.Finding;
import java.util.Optional;

/** Conditions that no promotion may break, whatever the test says: bias and drift. */
final class Guards {
  private final Comparison comparison;
  private final GatePolicy policy;
  private final Proof proof;

  Guards(Comparison comparison, Proof proof) {
    this.comparison = comparison;
    this.proof = proof;
    this.policy = comparison.policy();
  }

  /** Of the data. A first run has nothing that today's data could have drifted from. */
  Optional<Finding> drift() {
    HoldoutRows rows = comparison.rows();
    return DriftRule.finding(
        rows.context().drift(), rows.has(HoldoutRows.CHAMPION), policy.get(GatePolicy.ON_DRIFT));
  }

  /**
   * Whether a candidate's total is proven to be further off than allowed: than the policy's bound,
   * or than the reference's own error and some slack.
   *
   * <p>A point rule would hold on noise: over a few periods of rare events the total itself has a
   * standard error of a quarter.
   */
  Optional<Verdict.Bias> bias(String candidate, String reference) {
    double bias = comparison.bias(candidate);
    if (Double.isNaN(bias)) {
      return Optional.empty();
    }
    double level = 1 - policy.get(GatePolicy.CONFIDENCE);
    Optional<Double> bound = policy.find(GatePolicy.BIAS);
    if (bound.isEmpty()) {
      return Optional.empty();
    }
    double allowed = bound.get();
    double other = comparison.bias(reference);
    if (!Double.isNaN(other)) {
      allowed = Math.max(allowed, Math.abs(other) + policy.find(GatePolicy.BIAS_SLACK).orElse(0.0));
    }
    double p =
        proof
            .oneSided(comparison.excess(candidate, bias < 0 ? -allowed : allowed), "bias", level)
            .p();
    boolean beyond = !Rounding.atMost(Math.abs(bias), allowed);
    return Optional.of(new Verdict.Bias(bias, allowed, p, beyond && Rounding.atMost(p, level)));
  }

  /** What a proven bias says against a candidate. */
  Optional<Finding> finding(Verdict.Bias bias, String candidate, String reference) {
    if (!bias.proven()) {
      return Optional.empty();
    }
    return Optional.of(
        new Finding(
            Reason.GUARD,
            "bias",
            "in total the "
                + Words.predictions(policy.task())
                + " of "
                + Words.called(candidate)
                + " are "
                + Words.off(bias.value())
                + " (bias "
                + Figures.signed(bias.value())
                + "); at most "
                + Figures.percent(bias.allowed())
                + " is allowed, and chance would show as much in "
                + Words.chance(bias.p())
                + Words.ofSuch(policy.task())
                + " only; those of "
                + Words.called(reference)
                + " are "
                + Words.off(comparison.bias(reference)),
            "a candidate that gets the total right: scale its output on validation, or train it on"
                + " an objective whose mean is unbiased; or a wider guards.bias"));
  }
}
