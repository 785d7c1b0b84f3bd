package io.sluice.core.gate;

import io.sluice.core.gate.GatePolicy.Repetition;
import io.sluice.core.gate.Verdict.Basis;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.commons.statistics.distribution.TDistribution;

/** Whether what is asked of a candidate is proven: the tests against the reference. */
final class Proof {
  /** The power that plans ask for. */
  private static final double OFTEN = 0.8;

  private final Comparison comparison;
  private final GatePolicy policy;

  Proof(Comparison comparison) {
    this.comparison = comparison;
    this.policy = comparison.policy();
  }

  /** The level of this look; see docs/gate.md. */
  double level(History.Novelty novelty) {
    double level = 1 - policy.get(GatePolicy.CONFIDENCE);
    if (policy.get(GatePolicy.REPETITION) == Repetition.HOLD) {
      return level;
    }
    double look = 1.0 + novelty.looks();
    return level * 6 / (Math.PI * Math.PI * look * look);
  }

  /**
   * One test per candidate and basis, corrected for the number of candidates. That of superiority
   * and that of no inferiority need no correction for being two: what passes the first passes the
   * second.
   */
  List<Verdict.Test> tests(
      List<String> candidates, String reference, List<Basis> bases, double level) {
    return bases.stream()
        .flatMap(basis -> testsOf(candidates, reference, basis, level).stream())
        .toList();
  }

  private List<Verdict.Test> testsOf(
      List<String> candidates, String reference, Basis basis, double level) {
    double threshold =
        basis == Basis.SUPERIORITY
            ? policy.get(GatePolicy.MIN_IMPROVEMENT)
            : -policy.get(GatePolicy.NON_INFERIORITY);
    double factor = comparison.metric().factor(1 - threshold);
    List<Contrast> contrasts = new ArrayList<>();
    for (String candidate : candidates) {
      contrasts.add(comparison.contrast(candidate, reference, factor, null));
    }
    int replicates = Math.max(policy.get(GatePolicy.REPLICATES), SignFlip.replicatesFor(level));
    double[] p =
        SignFlip.p(
            contrasts,
            replicates,
            comparison.seed(basis == Basis.SUPERIORITY ? "test" : "no worse"));
    List<Optional<Contrast.TwoWay>> twoWays = contrasts.stream().map(this::twoWay).toList();
    double[] twoWay =
        Holm.adjusted(
            twoWays.stream().mapToDouble(w -> w.map(Contrast.TwoWay::p).orElse(0.0)).toArray());
    List<Verdict.Test> out = new ArrayList<>();
    for (int k = 0; k < contrasts.size(); k++) {
      Contrast contrast = contrasts.get(k);
      String candidate = candidates.get(k);
      double adjusted = twoWay[k];
      double flipped = reference.equals(FloorBaseline.COLUMN) ? skewed(p[k], contrasts, k) : p[k];
      out.add(
          new Verdict.Test(
              candidate,
              threshold,
              comparison.improvement(candidate, reference, null),
              comparison.interval(candidate, reference, null, "interval " + candidate),
              contrast.t(),
              flipped,
              replicates,
              twoWays.get(k).map(w -> new Contrast.TwoWay(w.t(), w.df(), adjusted)),
              provable(contrast, twoWays.get(k), reference, factor, level),
              oneSided(
                      comparison.contrast(candidate, reference, 1, null).negated(),
                      "worse " + candidate,
                      1 - policy.get(GatePolicy.CONFIDENCE))
                  .p(),
              level,
              Rounding.atMost(flipped, level) && Rounding.atMost(adjusted, level)));
    }
    return List.copyOf(out);
  }

  /** The larger of two p-values, where one number stands for the reference. */
  private static double skewed(double flips, List<Contrast> contrasts, int k) {
    double p = Comparison.figure(SkewedMean.p(contrasts.get(k).units())).orElse(1.0);
    return Math.max(flips, Math.min(1, contrasts.size() * p));
  }

  /** The improvement that such a window proves {@value #OFTEN} of the time. */
  private Optional<Double> provable(
      Contrast contrast,
      Optional<Contrast.TwoWay> twoWay,
      String reference,
      double factor,
      double level) {
    double loss = comparison.total(reference);
    if (!(loss > 0) || contrast.unitCount() < 2) {
      return Optional.empty();
    }
    TDistribution t =
        TDistribution.of(twoWay.map(Contrast.TwoWay::df).orElse(contrast.unitCount() - 1));
    double errors = t.inverseSurvivalProbability(level) + t.inverseCumulativeProbability(OFTEN);
    double ratio = factor - errors * contrast.error(twoWay) / loss;
    return Comparison.figure(comparison.metric().improvement(Math.max(ratio, 0)));
  }

  /**
   * What allows for errors that rows of a period share. Units of a forecast go through all periods
   * and tell of them. Rows of a table do not, so that of two tests the one decides that finds less;
   * where their periods are too few for it, nothing is known.
   */
  private Optional<Contrast.TwoWay> twoWay(Contrast contrast) {
    return policy.task().tabular()
        ? contrast
            .clustered()
            .flatMap(clustered ->
                contrast.twoWay().map(units -> units.p() > clustered.p() ? units : clustered))
        : contrast.twoWay();
  }

  /** The larger of the sign-flip and the two-way p-value. */
  SignFlip.Refined oneSided(Contrast contrast, String what, double level) {
    SignFlip.Refined flip =
        SignFlip.refined(
            contrast,
            policy.get(GatePolicy.REPLICATES),
            comparison.seed(what),
            1 - policy.get(GatePolicy.CONFIDENCE),
            level);
    double both = Math.max(flip.p(), twoWay(contrast).map(Contrast.TwoWay::p).orElse(0.0));
    return new SignFlip.Refined(both, flip.replicates());
  }
}
