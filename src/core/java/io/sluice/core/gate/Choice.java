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

  Choice(Comparison comparison, Regressions regressions, Guards guards) {
    this.comparison = comparison;
    this.policy = comparison.policy();
    this.regressions = regressions;
    this.guards = guards;
  }

  record Judged(String candidate, List<Finding> findings, List<Verdict.Slice> slices) {}

  /** The candidate to be judged: the best of those that pass, else the one chosen on validation. */
  Judged subject(
      String chosen,
      List<String> eligible,
      Optional<String> reference,
      List<Verdict.Test> tests,
      Basis basis) {
    if (!eligible.contains(chosen) && eligible.isEmpty()) {
      return new Judged(chosen, List.of(Eligibility.ineligible(comparison, chosen)), List.of());
    }
    if (reference.isEmpty() || tests.isEmpty()) {
      return new Judged(eligible.contains(chosen) ? chosen : eligible.get(0), List.of(), List.of());
    }
    List<Verdict.Test> proven =
        tests.stream()
            .filter(Verdict.Test::proven)
            .sorted(
                Comparator.comparingDouble(
                        (Verdict.Test t) -> Rounding.sortable(comparison.total(t.candidate())))
                    .thenComparing(Verdict.Test::candidate))
            .toList();
    List<Judged> failed = new ArrayList<>();
    for (Verdict.Test test : proven) {
      Judged judged = assess(test, reference.get(), basis);
      if (judged.findings.isEmpty()) {
        return judged;
      }
      failed.add(judged);
    }
    if (!failed.isEmpty()) {
      return failed.get(0);
    }
    Verdict.Test test =
        tests.stream()
            .filter(t -> t.candidate().equals(chosen))
            .findFirst()
            .orElseGet(() ->
                tests.stream()
                    .min(
                        Comparator.comparingDouble(
                            t -> Rounding.sortable(comparison.total(t.candidate()))))
                    .orElseThrow());
    return assess(test, reference.get(), basis);
  }

  private Judged assess(Verdict.Test test, String reference, Basis basis) {
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
      findings.add(inconclusive(test, other, basis));
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
    guards.bias(candidate, reference).ifPresent(findings::add);
    return new Judged(candidate, List.copyOf(findings), slices);
  }

  private Finding inconclusive(Verdict.Test test, String other, Basis basis) {
    boolean unitsDo = Rounding.atMost(test.p(), test.level());
    String asked =
        basis == Basis.SUPERIORITY
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
    return new Finding(
        Reason.INCONCLUSIVE,
        "improvement",
        unitsDo
            ? found
                + "which could be the doing of common ups and downs of the periods (p "
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
            ? "more target periods in the holdout, or a larger gain"
            : "more units or rows in the holdout, or a larger gain");
  }
}
