package io.sluice.core.gate;

import io.sluice.core.gate.Verdict.Basis;
import io.sluice.core.gate.Verdict.Finding;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Which candidate the verdict is about, and what speaks against it. */
final class Choice {
  private final Comparison comparison;
  private final GatePolicy policy;
  private final Regressions regressions;
  private final Guards guards;
  private final RareValues rareValues;

  Choice(Comparison comparison, Regressions regressions, Guards guards) {
    this.comparison = comparison;
    this.policy = comparison.policy();
    this.regressions = regressions;
    this.guards = guards;
    this.rareValues = new RareValues(comparison);
  }

  /**
   * @param basis what was proven, or was the last to be asked
   */
  record Judged(
      String candidate,
      Basis basis,
      List<Finding> findings,
      List<Verdict.Slice> slices,
      Optional<Verdict.RareValues> rareValues,
      Optional<Verdict.Bias> bias) {

    /** One that cannot be tested. */
    static Judged untested(String candidate, List<Finding> findings) {
      return new Judged(
          candidate, Basis.SUPERIORITY, findings, List.of(), Optional.empty(), Optional.empty());
    }
  }

  /** The candidate to be judged: the best of those that pass, else the one chosen on validation. */
  Judged subject(
      String chosen,
      List<String> eligible,
      Optional<String> reference,
      List<Verdict.Test> tests,
      List<Basis> bases) {
    if (!eligible.contains(chosen) && eligible.isEmpty()) {
      return Judged.untested(chosen, List.of(Eligibility.ineligible(comparison, chosen)));
    }
    if (reference.isEmpty() || tests.isEmpty()) {
      return Judged.untested(eligible.contains(chosen) ? chosen : eligible.get(0), List.of());
    }
    List<Judged> failed = new ArrayList<>();
    for (Basis basis : bases) {
      for (Verdict.Test test : proven(tests, basis)) {
        Judged judged = assess(test, reference.get());
        if (judged.findings.isEmpty()) {
          return judged;
        }
        failed.add(judged);
      }
    }
    if (!failed.isEmpty()) {
      return failed.get(0);
    }
    Basis last = bases.get(bases.size() - 1);
    List<Verdict.Test> asked = tests.stream().filter(t -> t.basis() == last).toList();
    Verdict.Test test =
        asked.stream()
            .filter(t -> t.candidate().equals(chosen))
            .findFirst()
            .orElseGet(() -> asked.stream().min(byLoss()).orElseThrow());
    return assess(test, reference.get());
  }

  private List<Verdict.Test> proven(List<Verdict.Test> tests, Basis basis) {
    return tests.stream().filter(t -> t.basis() == basis && t.proven()).sorted(byLoss()).toList();
  }

  private Comparator<Verdict.Test> byLoss() {
    return Comparator.comparingDouble(
            (Verdict.Test t) -> Rounding.sortable(comparison.total(t.candidate())))
        .thenComparing(Verdict.Test::candidate);
  }

  private Judged assess(Verdict.Test test, String reference) {
    List<Finding> findings = new ArrayList<>();
    String candidate = test.candidate();
    String other = Explanation.called(reference);
    if (!test.proven() && Rounding.atMost(test.worseP(), 1 - policy.get(GatePolicy.CONFIDENCE))) {
      findings.add(
          new Finding(
              Reason.WORSE,
              "worse",
              "its "
                  + comparison.metric().title()
                  + " is proven worse than "
                  + other
                  + "'s ("
                  + Explanation.gain(test.improvement())
                  + ", chance finding "
                  + Figures.probability(test.worseP())
                  + ")",
              "look at what changed in data, features or search space since the champion"));
    } else if (!test.proven()) {
      findings.add(inconclusive(test, other));
    }
    List<Verdict.Slice> slices = regressions.slices(candidate, reference);
    for (Verdict.Slice slice : slices) {
      if (slice.regression()) {
        findings.add(
            new Finding(
                Reason.WORSE,
                "slice",
                "in "
                    + slice.column()
                    + " = "
                    + slice.value()
                    + " its "
                    + comparison.metric().title()
                    + " is proven worse ("
                    + Explanation.gain(slice.improvement())
                    + ", chance finding "
                    + Figures.probability(slice.adjustedP())
                    + " after all slices were looked at)",
                "look at this slice's data and features; the rest may well be better"));
      }
    }
    Optional<Verdict.Bias> bias = guards.bias(candidate, reference);
    bias.flatMap(b -> guards.finding(b, reference)).ifPresent(findings::add);
    Optional<Verdict.RareValues> rare = rareValues.of(test, reference);
    if (test.proven() && policy.get(GatePolicy.RARE_VALUES) == GatePolicy.RareValues.HOLD) {
      rare.filter(r -> !r.stands()).map(RareValues::finding).ifPresent(findings::add);
    }
    return new Judged(candidate, test.basis(), List.copyOf(findings), slices, rare, bias);
  }

  private Finding inconclusive(Verdict.Test test, String other) {
    boolean unitsDo = Rounding.atMost(test.p(), test.level());
    String asked =
        test.basis() == Basis.SUPERIORITY
            ? "an improvement above " + Figures.percent(policy.get(GatePolicy.MIN_IMPROVEMENT))
            : "being no more than "
                + Figures.percent(policy.get(GatePolicy.NON_INFERIORITY))
                + " worse";
    String found =
        asked
            + " on "
            + other
            + " is not proven: it measures "
            + Explanation.gain(test.improvement())
            + ", ";
    String larger =
        test.provable()
            .map(gain ->
                "such a window proves it 8 times in 10 from "
                    + (gain == 0 ? "no difference" : Explanation.gain(test.provable()))
                    + " on")
            .orElse("or a larger gain");
    return new Finding(
        Reason.INCONCLUSIVE,
        "improvement",
        unitsDo
            ? found
                + "which errors that all units share in a period could bring (p "
                + Figures.probability(test.twoWay().map(Contrast.TwoWay::p).orElse(1.0))
                + ", allowed "
                + Figures.probability(test.level())
                + ")"
            : found
                + "which chance alone could bring (p "
                + Figures.probability(test.p())
                + ", allowed "
                + Figures.probability(test.level())
                + ")",
        unitsDo
            ? "more target periods in the holdout; " + larger
            : "more units or rows in the holdout; " + larger);
  }
}
