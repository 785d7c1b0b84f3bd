package io.sluice.core.gate;

import io.sluice.core.gate.Verdict.Basis;
import io.sluice.core.gate.Verdict.Finding;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Which candidate the verdict is about, and what speaks against it. */
final class Choice {
  /** An improvement that leaves next to nothing to lose. */
  private static final double HARDLY_ANY = 0.995;

  private final Comparison comparison;
  private final GatePolicy policy;
  private final Regressions regressions;
  private final Guards guards;
  private final FloorGuard floors;
  private final ResultGuard results;
  private final RareValues rareValues;

  Choice(
      Comparison comparison,
      Regressions regressions,
      Guards guards,
      FloorGuard floors,
      ResultGuard results) {
    this.comparison = comparison;
    this.policy = comparison.policy();
    this.regressions = regressions;
    this.guards = guards;
    this.floors = floors;
    this.results = results;
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
      List<Verdict.FloorResult> floors,
      List<NumberResult> numbers,
      Optional<Verdict.RareValues> rareValues,
      Optional<Verdict.Bias> bias) {

    /** One that cannot be tested. */
    static Judged untested(
        String candidate,
        List<Finding> findings,
        List<Verdict.FloorResult> floors,
        List<NumberResult> numbers) {
      return new Judged(
          candidate,
          Basis.SUPERIORITY,
          findings,
          List.of(),
          floors,
          numbers,
          Optional.empty(),
          Optional.empty());
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
      return Judged.untested(
          chosen, List.of(Eligibility.ineligible(comparison, chosen)), List.of(), List.of());
    }
    if (reference.isEmpty() || tests.isEmpty()) {
      String subject = eligible.contains(chosen) ? chosen : eligible.get(0);
      FloorGuard.Judged floored = floors.judged(subject);
      ResultGuard.Judged limited = results.judged(subject);
      List<Finding> findings = new ArrayList<>(floored.findings());
      findings.addAll(limited.findings());
      return Judged.untested(subject, List.copyOf(findings), floored.results(), limited.numbers());
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
    boolean worse = Rounding.atMost(test.worseP(), 1 - policy.get(GatePolicy.CONFIDENCE));
    if (worse && !(test.proven() && test.basis() == Basis.SUPERIORITY)) {
      findings.add(worse(test, reference));
    } else if (!test.proven()) {
      findings.add(inconclusive(test, reference));
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
                    + " "
                    + Words.called(candidate)
                    + " is proven worse than "
                    + Words.called(reference)
                    + ": it measures "
                    + Words.gain(slice.improvement())
                    + ", which chance would show in "
                    + Words.chance(slice.adjustedP())
                    + Words.ofSuch(policy.task())
                    + " with so many slices",
                "look at this slice's data and features; the rest may well be better"));
      }
    }
    Optional<Verdict.Bias> bias = guards.bias(candidate, reference);
    bias.flatMap(b -> guards.finding(b, candidate, reference)).ifPresent(findings::add);
    FloorGuard.Judged floored = floors.judged(candidate);
    findings.addAll(floored.findings());
    ResultGuard.Judged limited = results.judged(candidate);
    findings.addAll(limited.findings());
    Optional<Verdict.RareValues> rare = rareValues.of(test, reference);
    if (test.proven()
        && policy.find(GatePolicy.RARE_VALUES).equals(Optional.of(GatePolicy.RareValues.HOLD))) {
      rare.filter(r -> !r.stands()).map(RareValues::finding).ifPresent(findings::add);
    }
    return new Judged(
        candidate,
        test.basis(),
        List.copyOf(findings),
        slices,
        floored.results(),
        limited.numbers(),
        rare,
        bias);
  }

  private Finding worse(Verdict.Test test, String reference) {
    return new Finding(
        Reason.WORSE,
        "worse",
        Words.called(test.candidate())
            + " is proven worse than "
            + Words.called(reference)
            + ": it measures "
            + Words.gain(test.improvement())
            + ", which chance would show between equal models in "
            + Words.chance(test.worseP())
            + Words.ofSuch(policy.task()),
        reference.equals(HoldoutRows.CHAMPION)
            ? "look at what changed in data, features or search space since the champion"
            : "look at data, features and search space: "
                + Words.called(reference)
                + " needs none of them");
  }

  private Finding inconclusive(Verdict.Test test, String reference) {
    boolean unitsDo = Rounding.atMost(test.p(), test.level());
    String name = Words.called(test.candidate());
    boolean beyond = test.improvement().map(gain -> gain > test.threshold()).orElse(false);
    String found =
        name
            + " measures "
            + Words.gain(test.improvement())
            + (beyond
                ? unitsDo
                    ? ", which errors that all units share in a period would bring to a model that"
                        + " does not meet the bar in "
                        + Words.chance(test.twoWay().map(Contrast.TwoWay::p).orElse(1.0))
                    : ", which chance alone would bring to a model that does not meet the bar in "
                        + Words.chance(test.p())
                : ", where " + Words.asked(test, reference) + " is asked")
            + (beyond
                ? Words.ofSuch(policy.task()) + "; " + Words.chance(test.level()) + " is allowed"
                : test.improvement().map(gain -> gain < 0).orElse(false)
                    ? "; that it is worse is not proven either"
                    : "");
    String one = policy.task().tabular() ? "holdout" : "window";
    String larger =
        test.provable()
            .map(gain ->
                gain >= HARDLY_ANY
                    ? "no gain is proven 8 times in 10 on so small a " + one
                    : "one that is truly "
                        + (gain > 0 ? Words.gain(gain) + " or more" : atWorst(gain))
                        + " is proven 8 times in 10 on such a "
                        + one)
            .orElse("one that is better by far");
    return new Finding(
        Reason.INCONCLUSIVE,
        "improvement",
        found,
        beyond
            ? (unitsDo ? "more target periods in the holdout" : "more units or rows in the holdout")
                + "; or a better candidate: "
                + larger
            : "a better candidate: " + larger);
  }

  private static String atWorst(double gain) {
    return gain == 0 ? "no worse" : "no more than " + Words.gain(gain);
  }
}
